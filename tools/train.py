"""MMPose's own `tools/train.py`, with mmpose_thermal registered.

Additional argument: --cache FILE stores decoded face crops of the training
images in FILE, for later epochs and runs (below /dev/shm it is in memory).
"""
import sys

from mmpose_tool import run

_OPTIONS = '--cfg-options'


def with_cache(arguments):
    """Converts the arguments to those of MMPose's tool."""
    if '--cache' not in arguments:
        return arguments
    place = arguments.index('--cache')
    if place + 1 == len(arguments):
        sys.exit('train: --cache needs a file name')
    option = f'train_dataloader.dataset.cache={arguments[place + 1]}'
    rest = arguments[:place] + arguments[place + 2:]
    if _OPTIONS not in rest:
        return [*rest, _OPTIONS, option]
    # If --cfg-options were given twice, the first would be ignored.
    place = rest.index(_OPTIONS) + 1
    return [*rest[:place], option, *rest[place:]]


if __name__ == '__main__':
    if {'-h', '--help'} & set(sys.argv):
        print(__doc__)
    sys.argv[1:] = with_cache(sys.argv[1:])
    run('train.py')
