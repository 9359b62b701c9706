"""Train, test and compare all models of a recipe.

Recipes are in configs/recipes; docs/evaluation.md explains them. Run the same
command again after an interruption to continue from the last checkpoint. The
exit status is 0 if everything succeeded, 1 if a training or test failed, 2 if
the recipe is invalid.
"""
import argparse
import sys

from .stopping import stop_on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument('recipe', help='file in configs/recipes')
    parser.add_argument(
        '--work-dir', default='work_dirs/benchmark', metavar='DIR',
        help='train here; recipes share their trained models [%(default)s]')
    parser.add_argument(
        '--out', metavar='DIR',
        help='write the report here [report_RECIPE in --work-dir]')
    parser.add_argument(
        '--data-root', metavar='DIR',
        help="read the data from here [the recipe's folder]")
    parser.add_argument(
        '--seeds', type=int, nargs='+', metavar='N',
        help="train with these seeds [the recipe's]")
    parser.add_argument(
        '--only', nargs='+', default=(), metavar='RUN',
        help='train and report only these runs, and train their teachers; '
        'several jobs can share one --work-dir and do different runs')
    parser.add_argument(
        '--report-only', action='store_true',
        help='do not train; report existing results')


def run(args: argparse.Namespace) -> int:
    """Runs a recipe and returns the exit status."""
    from mmpose_thermal.components import register_components
    register_components()
    stop_on_signals()  # of a training, too
    try:
        return _run(args)
    except KeyboardInterrupt:
        print('\nInterrupted. Run the same command to continue from the last '
              'checkpoint.')
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
        print(f'{len(undone)} trainings are unfinished: {", ".join(undone)}.',
              file=sys.stderr)
    return 1 if undone else 0
