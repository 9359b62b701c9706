"""Finds landmarks on a local web page: `mmpose-thermal serve`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['serve', *sys.argv[1:]]))
