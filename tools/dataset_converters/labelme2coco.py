"""LabelMe files to COCO json: `mmpose-thermal convert labelme`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'labelme', *sys.argv[1:]]))
