"""Exports a trained model: `mmpose-thermal export`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['export', *sys.argv[1:]]))
