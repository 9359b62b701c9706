"""MMPose's own `tools/train.py`, with mmpose_thermal registered.

One argument more: --cache FILE keeps the training images decoded and cut to
the face in FILE, for later epochs and runs (below /dev/shm: in memory).
"""
import sys

from mmpose_tool import run

_OPTIONS = '--cfg-options'


def with_cache(arguments):
    """The arguments as MMPose's tool knows them."""
    if '--cache' not in arguments:
        return arguments
    place = arguments.index('--cache')
    if place + 1 == len(arguments):
        sys.exit('train: --cache needs the file to keep images in')
    option = f'train_dataloader.dataset.cache={arguments[place + 1]}'
    rest = arguments[:place] + arguments[place + 2:]
    if _OPTIONS not in rest:
        return [*rest, _OPTIONS, option]
    # Given twice, the first would not count.
    place = rest.index(_OPTIONS) + 1
    return [*rest[:place], option, *rest[place:]]


if __name__ == '__main__':
    if {'-h', '--help'} & set(sys.argv):
        print(__doc__)
    sys.argv[1:] = with_cache(sys.argv[1:])
    run('train.py')
