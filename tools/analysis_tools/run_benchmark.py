"""Trains, tests and compares all models of a recipe; writes one report."""
import argparse
import os
import os.path as osp
import signal
import sys
import time

from mmpose_thermal.recipes import (Launch, RecipeError, describe, execute,
                                    load_recipe, trials_of, write_report)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__ + ' What is done already is not done again; '
        'interrupted, it goes on where it was.',
        epilog='Recipes are in configs/recipes; docs/benchmark.md explains '
        'them. Exit status: 0 all done, 1 a training or test failed, 2 the '
        'recipe cannot be followed.')
    parser.add_argument('recipe', help='file in configs/recipes')
    parser.add_argument(
        '--work-dir',
        default='work_dirs/benchmark',
        help='folder of all trainings, shared by recipes (default: '
        '%(default)s)')
    parser.add_argument(
        '--out',
        help='folder of the report (default: report_RECIPE in the work-dir)')
    parser.add_argument(
        '--report-only',
        action='store_true',
        help='train nothing; report what is there')
    parser.add_argument(
        '--jobs',
        type=int,
        help='trainings at the same time (default: one a GPU or, without '
        'any, one a core)')
    parser.add_argument(
        '--devices',
        help='GPUs to share out among them, e.g. 0,1,2,3 (default: all)')
    parser.add_argument(
        '--processes',
        type=int,
        default=1,
        help='processes (GPUs) of one training, by torchrun (default: '
        '%(default)s)')
    parser.add_argument(
        '--srun',
        metavar='ARGUMENTS',
        help='train by Slurm with these arguments, e.g. "-p gpu '
        '--ntasks=16 --ntasks-per-node=8 --gres=gpu:8"')
    args = parser.parse_args()
    if args.processes < 1 or (args.jobs is not None and args.jobs < 1):
        parser.error('--jobs and --processes must be at least 1')
    return args


def launch_of(args):
    """How the trainings are spread, by the arguments and the machine."""
    import torch
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


def main():
    args = parse_args()

    def say(text):
        print(f'{time.strftime("%H:%M:%S")} {text}', flush=True)

    try:
        recipe = load_recipe(args.recipe)
        if args.report_only:
            trials = trials_of(recipe, args.work_dir)
        else:
            trials = execute(recipe, args.work_dir, launch_of(args), say)
        out = args.out or osp.join(args.work_dir, f'report_{recipe.name}')
        print(write_report(recipe, trials, out, describe(['python', *sys.argv])))
    except (RecipeError, FileNotFoundError) as error:
        print(f'ERROR: {error}', file=sys.stderr)
        return 2
    say(f'the report is in {out}: README.md, results.csv')
    undone = [trial.name for group in trials.values() for trial in group
              if not trial.record().get('tested')]
    if undone:
        print(f'{len(undone)} trainings are missing: {", ".join(undone)}.',
              file=sys.stderr)
    return 1 if undone else 0


if __name__ == '__main__':
    # Ended by a scheduler, it ends its trainings too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print('\nInterrupted; started again, it goes on from there.')
        sys.exit(130)
