"""T-FAKE to COCO json: `mmpose-thermal convert tfake`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'tfake', *sys.argv[1:]]))
