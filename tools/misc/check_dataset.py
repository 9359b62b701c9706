"""Checks annotations and images: `mmpose-thermal check`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['check', *sys.argv[1:]]))
