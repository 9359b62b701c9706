"""TFW to COCO json: `mmpose-thermal convert tfw`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'tfw', *sys.argv[1:]]))
