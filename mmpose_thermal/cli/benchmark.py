"""Train, test and compare all models of a recipe.

Recipes are in configs/recipes; docs/benchmark explains them. Started again, the
command goes on where it was. The exit status is 0 if all is done, 1 if a
training or test failed, 2 if the recipe cannot be followed.
"""
import argparse
import os
import os.path as osp
import signal
import sys
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument('recipe', help='file in configs/recipes')
    parser.add_argument(
        '--work-dir', default='work_dirs/benchmark', metavar='DIR',
        help='train here; recipes share the trainings [%(default)s]')
    parser.add_argument(
        '--out', metavar='DIR',
        help='write the report here [report_RECIPE in the work-dir]')
    parser.add_argument(
        '--report-only', action='store_true',
        help='train nothing; report what is there')
    parser.add_argument(
        '--jobs', type=_positive, metavar='N',
        help='run N trainings at a time [one a GPU; without any, one a core]')
    parser.add_argument(
        '--devices', metavar='IDS',
        help='share out these GPUs, such as 0,1,2,3 [all]')
    parser.add_argument(
        '--processes', type=_positive, default=1, metavar='N',
        help='run one training in N processes (GPUs) [%(default)s]')
    parser.add_argument(
        '--srun', metavar='ARGUMENTS',
        help='train by Slurm with these arguments, such as "-p gpu '
        '--ntasks=16 --ntasks-per-node=8 --gres=gpu:8"')


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not at least 1')
    return number


def run(args: argparse.Namespace) -> int:
    """Runs a recipe; the exit status."""
    from mmpose_thermal.components import register_components
    register_components()
    # Ended by a scheduler, it ends its trainings too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(args)
    except KeyboardInterrupt:
        print('\nInterrupted; started again, it goes on from there.')
        return 130


def _run(args):
    from mmpose_thermal.recipes import (RecipeError, describe, execute,
                                        load_recipe, trials_of, write_report)
    try:
        recipe = load_recipe(args.recipe)
        if args.report_only:
            trials = trials_of(recipe, args.work_dir)
        else:
            trials = execute(recipe, args.work_dir, _launch_of(args), _say)
        out = args.out or osp.join(args.work_dir, f'report_{recipe.name}')
        print(write_report(recipe, trials, out,
                           describe(['python', *sys.argv])))
    except (RecipeError, FileNotFoundError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    _say(f'the report is in {out}: README.md, results.csv')
    undone = [trial.name for group in trials.values() for trial in group
              if not trial.record().get('tested')]
    if undone:
        print(f'{len(undone)} trainings are missing: {", ".join(undone)}.',
              file=sys.stderr)
    return 1 if undone else 0


def _say(text):
    print(f'{time.strftime("%H:%M:%S")} {text}', flush=True)


def _launch_of(args):
    """How the trainings are spread, by the arguments and the machine."""
    import torch

    from mmpose_thermal.recipes import Launch
    devices = [str(index) for index in range(torch.cuda.device_count())]
    if args.devices is not None:
        devices = args.devices.split(',')
    if args.srun is not None:
        return Launch(jobs=args.jobs or 1, srun=args.srun)
    places = len(devices) or os.cpu_count() or 1
    jobs = args.jobs or max(1, places // args.processes)
    if devices and jobs * args.processes > len(devices):
        # More trainings than GPUs: they share, as asked.
        devices *= -(-jobs * args.processes // len(devices))
    return Launch(jobs=jobs, devices=devices, processes=args.processes)
