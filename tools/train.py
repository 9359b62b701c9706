"""MMPose's own `tools/train.py`, with mmpose_thermal registered.

Additional argument: --cache FILE stores decoded face crops of the training
images in FILE, for later epochs and runs (below /dev/shm it is in memory).
--resume may always be given: where there is nothing to resume, training starts
from the config's load_from, which MMPose alone would ignore.
"""
import os.path as osp
import runpy
import sys

from mmengine.config import Config
from mmpose_tool import path_of, run

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
    """Lets ``load_from`` and --resume go together.

    With a config's ``load_from``, MMPose's --resume would start from random
    weights; with one in --cfg-options, it would resume from that file.
    """
    if not any(_is_resume(argument) for argument in arguments):
        return arguments
    parse = runpy.run_path(path_of('train.py'), run_name='parser')['parse_args']
    sys.argv[1:] = arguments
    args = parse()
    options = args.cfg_options or {}
    if args.resume != 'auto' or not osp.isfile(args.config):
        return arguments
    config = Config.fromfile(args.config)
    folder = options.get('work_dir') or args.work_dir or config.get(
        'work_dir') or osp.join(
            'work_dirs', osp.splitext(osp.basename(args.config))[0])
    if osp.exists(osp.join(folder, 'last_checkpoint')):
        return ['load_from=None' if each.startswith('load_from=') else each
                for each in arguments]
    if not options.get('load_from', config.get('load_from')):
        return arguments
    place, = (place for place, each in enumerate(arguments) if _is_resume(each))
    named = arguments[place + 1:place + 2] == ['auto']
    return arguments[:place] + arguments[place + 1 + named:]


def _is_resume(argument):
    """Whether it is the option --resume, which may be abbreviated."""
    name = argument.split('=')[0]
    return len(name) > 2 and '--resume'.startswith(name)


if __name__ == '__main__':
    if {'-h', '--help'} & set(sys.argv):
        print(__doc__)
    sys.argv[1:] = with_start(with_cache(sys.argv[1:]))
    run('train.py')
