"""SF-TL54 to COCO json: `mmpose-thermal convert sftl54`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'sftl54', *sys.argv[1:]]))
