"""Registers unaligned pairs: `mmpose-thermal register`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['register', *sys.argv[1:]]))
