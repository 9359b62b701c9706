"""Charlotte-ThermalFace to COCO json: `mmpose-thermal convert charlotte`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'charlotte', *sys.argv[1:]]))
