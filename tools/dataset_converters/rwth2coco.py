"""RWTH-Aachen's faces to COCO json: `mmpose-thermal convert rwth`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'rwth', *sys.argv[1:]]))
