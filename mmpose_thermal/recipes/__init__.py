"""Benchmarks: training recipes, their execution, and the report."""
import os.path as osp
import shlex
from functools import partial
from typing import Callable, Dict, List, Optional, Sequence

from .execution import execute, locked, require_tools, trials_of
from .recipe import Recipe, RecipeError, Run, Table, load_recipe
from .report import write_report
from .trial import Trial, TrialError

__all__ = [
    'Recipe', 'RecipeError', 'Run', 'Table', 'Trial', 'TrialError', 'execute',
    'load_recipe', 'locked', 'require_tools', 'run_recipe', 'trials_of',
    'write_report'
]

_WORK_DIR = 'work_dirs/benchmark'
_PRINT = partial(print, flush=True)


def run_recipe(path: str,
               work_dir: str = _WORK_DIR,
               out: Optional[str] = None,
               data_root: Optional[str] = None,
               seeds: Optional[Sequence[int]] = None,
               only: Sequence[str] = (),
               report_only: bool = False,
               say: Callable[[str], None] = _PRINT) -> Dict[str, List[Trial]]:
    """Runs all unfinished trials of a recipe, and writes its report.

    Args:
        path (str): The recipe.
        work_dir (str): Folder of all trainings, shared by recipes.
        out (str, optional): Folder of the report. Defaults to ``report_RECIPE`` in
            the work directory.
        data_root (str, optional): Overrides the recipe's data root.
        seeds (Sequence[int], optional): Override the recipe's seeds.
        only (Sequence[str]): Names of runs. Defaults to all.
        report_only (bool): Whether to skip training and report existing results.
        say (Callable): Receives progress messages and the report.

    Returns:
        dict[str, list[Trial]]: All trials by run; ``tested()`` is True for finished
        ones.

    Raises:
        RecipeError: The recipe is invalid or cannot be run.
    """
    recipe = load_recipe(path, data_root, seeds, only)
    if report_only:
        trials = trials_of(recipe, work_dir)
    else:
        require_tools()
        trials = execute(recipe, work_dir, say)
    command = ['mmpose-thermal', 'benchmark', path]
    if work_dir != _WORK_DIR:
        command += ['--work-dir', work_dir]
    if out:
        command += ['--out', out]
    if data_root:
        command += ['--data-root', data_root]
    if seeds:
        command += ['--seeds', *map(str, seeds)]
    if only:
        command += ['--only', *only]
    name = osp.splitext(osp.basename(path))[0]
    out = out or osp.join(work_dir, f'report_{name}')
    say('\n' + write_report(recipe, trials, out, shlex.join(command)))
    say(f'the report is in {out}: README.md, results.csv')
    return trials
