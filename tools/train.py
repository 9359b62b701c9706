"""MMPose's own `tools/train.py`, with mmpose_thermal registered.

Additional argument: --cache FILE stores decoded face crops of the training
images in FILE, for later epochs and runs (below /dev/shm it is in memory).
--resume may always be given: where there is nothing to resume, training starts
from the config's load_from, which MMPose alone would ignore.
"""
import argparse
import os.path as osp
import sys

from mmengine.config import Config, DictAction
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


def with_start(arguments):
    """Leaves out --resume if a config's ``load_from`` is where to start."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('config', nargs='?')
    parser.add_argument('--work-dir')
    parser.add_argument('--resume', nargs='?', const='auto')
    parser.add_argument(_OPTIONS, nargs='+', action=DictAction, default={})
    args, _ = parser.parse_known_args(arguments)
    if args.resume != 'auto' or not osp.isfile(args.config or ''):
        return arguments
    config = Config.fromfile(args.config)
    config.merge_from_dict({'work_dir': args.work_dir} if args.work_dir else {})
    config.merge_from_dict(args.cfg_options)
    folder = config.get('work_dir') or osp.join(
        'work_dirs', osp.splitext(osp.basename(args.config))[0])
    if not config.get('load_from') or osp.exists(
            osp.join(folder, 'last_checkpoint')):
        return arguments
    place = arguments.index('--resume')
    named = arguments[place + 1:place + 2] == ['auto']
    return arguments[:place] + arguments[place + 1 + named:]


if __name__ == '__main__':
    if {'-h', '--help'} & set(sys.argv):
        print(__doc__)
    sys.argv[1:] = with_start(with_cache(sys.argv[1:]))
    run('train.py')
