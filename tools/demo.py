"""Finds landmarks in images, videos or a camera: `mmpose-thermal predict`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['predict', *sys.argv[1:]]))
