"""Draws samples as the network sees them: `mmpose-thermal browse`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['browse', *sys.argv[1:]]))
