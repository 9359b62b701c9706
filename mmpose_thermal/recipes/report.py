"""The report of a recipe: results of its trainings as Markdown, CSV and plots."""
import csv
import datetime
import os
import os.path as osp
import platform
import textwrap
from dataclasses import dataclass, field
from typing import Dict, List, Optional

import numpy as np
import torch
from mmengine.config import Config

from ..apis import machine_class, measure_models
from ..evaluation import (FaceErrors, area_under_ced, failure_rate,
                          paired_difference, threshold_label)
from ..runtime.atomic_file import write_text
from ..visualization.plots import plot_runs, save_figure
from .recipe import Recipe, RecipeError, Run
from .trial import Trial

_THRESHOLD = .1
_MEASURES = {
    'NME (%)': np.mean,
    f'FR@{threshold_label(_THRESHOLD)} (%)': lambda e: failure_rate(e, _THRESHOLD),
    f'AUC@{threshold_label(_THRESHOLD)} (%)': lambda e: area_under_ced(e, _THRESHOLD),
}
_HOW_TO_READ = (
    'NME is normalised by the distance of the outer eye corners; values are the mean ± '
    'standard deviation over training seeds, each tested with its checkpoint of lowest '
    'NME on the validation faces. "NME against baseline" is in percentage points, with '
    'its 95 % confidence interval and the relative change; it and p (two-sided, not '
    'corrected for the number of rows) treat both seeds and persons as random (quasi-F '
    'test of Clark, 1973).')


@dataclass
class Outcome:
    """A run and the results of its trials.

    Attributes:
        run (Run): The run.
        wanted (int): Number of seeds in the recipe.
        tested (dict[int, FaceErrors]): Errors on the test faces by seed.
        stock_config (str, optional): Config of the tested network.
        speed (dict): Result of :func:`~mmpose_thermal.apis.measure_models`.
    """
    run: Run
    wanted: int
    tested: Dict[int, FaceErrors]
    stock_config: Optional[str] = None
    speed: dict = field(default_factory=dict)

    def nme(self) -> Dict[int, np.ndarray]:
        """NME of each face by seed, (N, ) each, as a fraction."""
        return {seed: faces.nme() for seed, faces in self.tested.items()}

    def faces(self) -> FaceErrors:
        """The test faces, which are the same for all seeds."""
        return next(iter(self.tested.values()))


def gather(recipe: Recipe, trials: Dict[str, List[Trial]],
           speed: bool = True) -> Dict[str, Outcome]:
    """Reads the results of finished trials, and measures the speed of each network.

    Args:
        recipe (Recipe): The recipe.
        trials (dict[str, list[Trial]]): Trials by run.
        speed (bool): Whether to measure size and time.

    Returns:
        dict[str, Outcome]: Outcomes by run; ``tested`` is empty if no trial is done.

    Raises:
        RecipeError: The seeds of a run were tested on different faces.
    """
    outcomes = {}
    for name, group in trials.items():
        done = [trial for trial in group if trial.tested()]
        outcome = outcomes[name] = Outcome(
            recipe.runs[name], len(group),
            {trial.seed: FaceErrors.load(trial.errors_file) for trial in done})
        if done:
            outcome.stock_config = done[0].stock_config
        for trial in done:
            if outcome.tested[trial.seed].images != outcome.faces().images:
                raise RecipeError(
                    f'{trial.errors_file} has other faces than '
                    f'{done[0].errors_file}: the data have changed in between. Remove '
                    'both, and run the recipe again.')
    if speed:
        _measure(outcomes)
    return outcomes


def _measure(outcomes):
    """Measures each network once, for all runs that use it."""
    configs = {name: outcome.stock_config for name, outcome in outcomes.items()
               if outcome.stock_config}
    networks = {name: _network(path) for name, path in configs.items()}
    if len(set(networks.values())) < 2:  # no table would show it
        return
    first = {network: name for name, network in reversed(list(networks.items()))}
    measured = measure_models({name: configs[name] for name in first.values()})
    for name, network in networks.items():
        outcomes[name].speed = measured[first[network]]


def _network(path):
    """Identifies a network by the parts of its config that affect size and speed."""
    model = Config.fromfile(path).model.to_dict()
    return repr({key: model.get(key) for key in ('backbone', 'neck', 'head')})


def _row(outcome, baseline):
    """Returns the cells of a row as text, by column."""
    row, nme = {'model': outcome.run.title}, outcome.nme()
    for column, measure in _MEASURES.items() if nme else ():
        row[column] = _mean_and_spread([100 * measure(e) for e in nme.values()])
    if not nme:
        row['NME (%)'] = 'not trained'
    row['seeds'] = str(outcome.wanted) if len(nme) == outcome.wanted else (
        f'{len(nme)} of {outcome.wanted}')
    if baseline is not None:
        row.update(_comparison(outcome, baseline))
    if outcome.speed:
        row.update({
            'params (M)': f'{outcome.speed["params_m"]:.2f}',
            'GFLOPs': f'{outcome.speed["gflops"]:.3f}',
            'PyTorch (ms)': f'{outcome.speed["pytorch_ms"]:.1f}',
            'ONNX (ms)': f'{outcome.speed["onnx_ms"]:.1f}',
        })
    for column, value in outcome.run.published.items():
        row[f'{column}, PUBLISHED by the paper'] = str(value)
    return row


def _comparison(outcome, baseline):
    """Compares paired results on the same faces with the same seeds."""
    ours, theirs = outcome.nme(), baseline.nme()
    seeds = [seed for seed in ours if seed in theirs]
    if outcome is baseline:
        cells = '(baseline)', ''
    elif not seeds or outcome.faces().images != baseline.faces().images:
        cells = '', ''
    else:
        found = paired_difference(
            100 * np.stack([ours[seed] for seed in seeds]),
            100 * np.stack([theirs[seed] for seed in seeds]),
            outcome.faces().subjects())
        relative = found.mean / np.mean(list(theirs.values()))  # in percent
        cells = (f'{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}] '
                 f'({relative:+.1f} %)',
                 f'{found.p_value:.3f}' if found.p_value >= .001 else '< 0.001')
    return dict(zip(('NME against baseline', 'p'), cells))


def _mean_and_spread(values):
    spread = f' ± {np.std(values, ddof=1):.2f}' if len(values) > 1 else ''
    return f'{np.mean(values):.2f}{spread}'


def _facts(trials, command):
    """Lists date, machine, software and other facts about the report."""
    import mmengine
    import mmpose
    everything = [trial for group in trials.values() for trial in group]
    records = [trial.record() for trial in everything]
    commits = sorted({record.get('commit', 'unknown') for record in records})
    hours = sum(record.get('train_seconds', 0) for record in records) / 3600
    seeds = sorted({trial.seed for trial in everything})
    return [
        f'Date: {datetime.date.today()}',
        f'Machine: {machine_class()}',
        f'Software: Python {platform.python_version()}, torch {torch.__version__}, '
        f'mmengine {mmengine.__version__}, mmpose {mmpose.__version__}; this '
        f'repository at {", ".join(commits)}',
        f'Seeds: {", ".join(map(str, seeds))}; {len(everything)} trainings, '
        f'{hours:.1f} hours of training in all',
        f'Reproduced by: `{command}`',
    ]


def write_report(recipe: Recipe, trials: Dict[str, List[Trial]], out: str,
                 command: str, speed: bool = True) -> str:
    """Writes ``README.md``, ``results.csv`` and a plot for each table.

    Args:
        recipe (Recipe): The recipe.
        trials (dict[str, list[Trial]]): Trials by run.
        out (str): Output folder.
        command (str): Command that reproduces the report.
        speed (bool): Whether to measure size and time.

    Returns:
        str: The Markdown text.
    """
    os.makedirs(out, exist_ok=True)
    outcomes = gather(recipe, trials, speed)
    text = [f'# {recipe.title}', '', *_paragraph(recipe.about)]
    text += [f'* {fact}' for fact in _facts(trials, command)]
    text += ['', *_paragraph(_HOW_TO_READ)]
    lines = []
    for number, table in enumerate(recipe.tables, 1):
        baseline = outcomes[table.baseline] if table.baseline else None
        rows = [_row(outcomes[name], baseline) for name in table.rows]
        lines += [dict(table=table.title, **row) for row in rows]
        text += [f'## {table.title}', '', *_paragraph(table.about),
                 *_markdown_table(rows), '']
        text += _plot(table, outcomes, osp.join(out, f'nme_{number}'))
    markdown = '\n'.join(text)
    write_text(osp.join(out, 'README.md'), markdown)
    with open(osp.join(out, 'results.csv'), 'w', newline='') as file:
        writer = csv.DictWriter(file, _columns(lines), restval='')
        writer.writeheader()
        writer.writerows(lines)
    return markdown


def _paragraph(text):
    return [*textwrap.wrap(text, 100, break_on_hyphens=False), ''] if text else []


def _columns(rows):
    """Returns all distinct columns of the rows, in order."""
    return list(dict.fromkeys(key for row in rows for key in row))


def _markdown_table(rows):
    columns = _columns(rows)
    cells = [columns] + [[row.get(key, '') for key in columns] for row in rows]
    lines = ['| ' + ' | '.join(line) + ' |' for line in cells]
    return [lines[0], '|---|' + '---:|' * (len(columns) - 1), *lines[1:]]


def _plot(table, outcomes, path):
    """Plots the NME of each training; returns Markdown lines that show it."""
    runs = {
        outcomes[name].run.title: [
            100 * errors.mean() for errors in outcomes[name].nme().values()]
        for name in table.rows if outcomes[name].tested
    }
    if not runs:
        return []
    save_figure(plot_runs(runs, 'NME (%), a dot per seed'), path)
    return [f'![NME of each training]({osp.basename(path)}.png)', '']
