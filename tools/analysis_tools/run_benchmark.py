"""Trains and compares all models of a recipe: `mmpose-thermal benchmark`."""
import sys

from mmpose_thermal.cli import main

if __name__ == '__main__':
    sys.exit(main(['benchmark', *sys.argv[1:]]))
