"""Trains, tests and compares all models of a recipe; writes one report."""
import argparse
import signal
import sys

from mmpose_thermal.recipes import RecipeError, run_recipe


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__ + ' What is done already is not done again; after an '
        'interruption, start it again to go on from the last checkpoint.',
        epilog='Recipes are in configs/recipes; docs/evaluation.md explains them. Exit '
        'status: 0 all done, 1 a training or test failed, 2 the recipe cannot be '
        'followed.')
    parser.add_argument('recipe', help='file in configs/recipes')
    parser.add_argument(
        '--work-dir', default='work_dirs/benchmark',
        help='folder of all trainings, shared by recipes (default: %(default)s)')
    parser.add_argument(
        '--out',
        help='folder of the report (default: report_RECIPE in the work-dir)')
    parser.add_argument(
        '--data-root', help="folder of the data (default: the recipe's)")
    parser.add_argument(
        '--seeds', type=int, nargs='+', help="training seeds (default: the recipe's)")
    parser.add_argument(
        '--only', nargs='+', default=(), metavar='RUN',
        help='train and report only these runs, and train their teachers; jobs of a '
        'scheduler may each take some runs or seeds and share one --work-dir')
    parser.add_argument(
        '--report-only', action='store_true',
        help='train nothing; report what is there')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        trials = run_recipe(args.recipe, args.work_dir, args.out, args.data_root,
                            args.seeds, args.only, args.report_only)
    except (RecipeError, FileNotFoundError) as error:
        print(f'ERROR: {error}', file=sys.stderr)
        return 2
    undone = [trial.name for group in trials.values() for trial in group
              if not trial.tested()]
    if undone:
        print(f'{len(undone)} trainings are missing: {", ".join(undone)}.',
              file=sys.stderr)
    return 1 if undone else 0


if __name__ == '__main__':
    # A scheduler that ends it ends the training in progress too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print('\nInterrupted; start it again to go on from the last checkpoint.')
        sys.exit(130)
