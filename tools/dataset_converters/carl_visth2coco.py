"""CARL or EURECOM VIS-TH to COCO json: `mmpose-thermal convert carl_visth`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'carl_visth', *sys.argv[1:]]))
