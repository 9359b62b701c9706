"""Train, test and compare all models of a recipe.

Recipes are in configs/recipes; docs/evaluation.md explains them. Started again,
the command goes on from the last checkpoint. The exit status is 0 if all is
done, 1 if a training or test failed, 2 if the recipe cannot be followed.
"""
import argparse
import signal
import sys


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
        '--data-root', metavar='DIR',
        help="read the data from here [the recipe's folder]")
    parser.add_argument(
        '--seeds', type=int, nargs='+', metavar='N',
        help="train with these seeds [the recipe's]")
    parser.add_argument(
        '--only', nargs='+', default=(), metavar='RUN',
        help='train and report only these runs, and train their teachers; the '
        'jobs of a scheduler may each take some and share one --work-dir')
    parser.add_argument(
        '--report-only', action='store_true',
        help='train nothing; report what is there')


def run(args: argparse.Namespace) -> int:
    """Runs a recipe; the exit status."""
    from mmpose_thermal.components import register_components
    register_components()
    # A scheduler that ends it ends the training in progress too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(args)
    except KeyboardInterrupt:
        print('\nInterrupted; start it again to go on from the last checkpoint.')
        return 130


def _run(args):
    from mmpose_thermal.recipes import RecipeError, run_recipe
    try:
        trials = run_recipe(args.recipe, args.work_dir, args.out, args.data_root,
                            args.seeds, args.only, args.report_only)
    except (RecipeError, FileNotFoundError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    undone = [trial.name for group in trials.values() for trial in group
              if not trial.tested()]
    if undone:
        print(f'{len(undone)} trainings are missing: {", ".join(undone)}.',
              file=sys.stderr)
    return 1 if undone else 0
