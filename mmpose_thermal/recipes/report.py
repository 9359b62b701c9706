"""One report of what a recipe's trainings gave: Markdown, CSV and HTML."""
import csv
import datetime
import os
import os.path as osp
import platform
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

import numpy as np
import torch
from mmengine.config import Config

from ..apis import machine_class, measure_models
from ..evaluation import (FaceErrors, area_under_ced, failure_rate,
                          paired_difference, threshold_label)
from ..evaluation.functional.statistics import Difference
from ..visualization.plots import plot_ced, save_figure
from .execution import Trial, describe
from .recipe import Recipe, RecipeError, Table

_THRESHOLD = .1


@dataclass
class Outcome:
    """What the trials of one run gave.

    Attributes:
        title (str): Of the run.
        seeds (list[int]): That were tested.
        wanted (int): How many seeds the recipe asks for.
        faces (list[FaceErrors]): Of the test, one a seed.
        published (dict): Figures of the paper.
        speed (dict): Of :func:`~mmpose_thermal.apis.measure_models`.
    """
    title: str
    seeds: List[int]
    wanted: int
    faces: List[FaceErrors]
    published: dict
    speed: dict

    def errors(self, seeds: Optional[Sequence[int]] = None) -> np.ndarray:
        """NME of each face, (S, N), of some seeds or of all."""
        chosen = self.seeds if seeds is None else seeds
        return np.stack(
            [self.faces[self.seeds.index(seed)].nme() for seed in chosen])

    def percent(self) -> Dict[str, np.ndarray]:
        """NME, FR and AUC of each seed, (S, ), in percent."""
        errors = self.errors()
        measures = {
            'NME': errors.mean(1),
            f'FR@{threshold_label(_THRESHOLD)}': [
                failure_rate(e, _THRESHOLD) for e in errors
            ],
            f'AUC@{threshold_label(_THRESHOLD)}': [
                area_under_ced(e, _THRESHOLD) for e in errors
            ],
        }
        return {name: 100 * np.array(v) for name, v in measures.items()}


def gather(recipe: Recipe, trials: Dict[str, List[Trial]],
           speed: bool = True) -> Dict[str, Outcome]:
    """Reads what has been tested, and measures each model's speed.

    Args:
        recipe (Recipe): What was wanted.
        trials (dict[str, list[Trial]]): By run.
        speed (bool): Whether to measure size and time.

    Returns:
        dict[str, Outcome]: By run; without any seed where none is done.
    """
    outcomes, models = {}, {}
    for name, group in trials.items():
        done = [trial for trial in group if trial.record().get('tested')]
        outcomes[name] = Outcome(
            title=recipe.runs[name].title,
            seeds=[trial.seed for trial in done],
            wanted=len(group),
            faces=[FaceErrors.load(trial.errors_file) for trial in done],
            published=recipe.runs[name].published,
            speed={})
        for trial, faces in zip(done, outcomes[name].faces):
            if faces.images != outcomes[name].faces[0].images:
                raise RecipeError(
                    f'{trial.errors_file} is of other faces than '
                    f'{done[0].errors_file}: the data have changed in '
                    'between. Remove both, and run the recipe again.')
        if done:
            models[name] = osp.join(done[0].folder, 'stock.py')
    if speed:
        # Runs of one network share its measurement.
        networks = {name: _network(path) for name, path in models.items()}
        first = {}
        for name, network in networks.items():
            first.setdefault(network, name)
        measured = measure_models(
            {name: (models[name], None) for name in first.values()})
        for name, network in networks.items():
            outcomes[name].speed = measured[first[network]]
    return outcomes


def _network(path):
    """What of a config decides size and speed."""
    model = Config.fromfile(path).model.to_dict()
    return repr({key: model.get(key) for key in ('backbone', 'neck', 'head')})


def compare(outcome: Outcome, baseline: Outcome) -> Optional[Difference]:
    """Paired comparison on the same faces and seeds, in percent of NME.

    Args:
        outcome (Outcome): Of a run.
        baseline (Outcome): Of the run that it is compared with.

    Returns:
        Difference: None if they share no seed or were tested on different
        images.
    """
    seeds = [seed for seed in outcome.seeds if seed in baseline.seeds]
    if outcome is baseline or not seeds or (outcome.faces[0].images !=
                                            baseline.faces[0].images):
        return None
    return paired_difference(
        100 * outcome.errors(seeds), 100 * baseline.errors(seeds),
        outcome.faces[0].subjects())


def _rows(table: Table, outcomes: Dict[str, Outcome]) -> List[dict]:
    """The cells of a table, as text, by column."""
    baseline = outcomes.get(table.baseline or '')
    rows = []
    for name in table.rows:
        outcome = outcomes[name]
        row = {'model': outcome.title}
        if outcome.seeds:
            for measure, values in outcome.percent().items():
                row[f'{measure} (%)'] = _spread(values)
            row['seeds'] = f'{len(outcome.seeds)}' + (
                f' of {outcome.wanted}'
                if len(outcome.seeds) < outcome.wanted else '')
        else:
            row['NME (%)'] = 'not trained'
        if baseline is not None:
            row.update(_comparison(outcome, baseline))
        if outcome.speed:
            row.update({
                'params (M)': f'{outcome.speed["params_m"]:.2f}',
                'GFLOPs': f'{outcome.speed["gflops"]:.3f}',
                'PyTorch (ms)': f'{outcome.speed["pytorch_ms"]:.1f}',
                'ONNX (ms)': f'{outcome.speed["onnx_ms"]:.1f}',
            })
        for column, value in outcome.published.items():
            row[f'{column}, PUBLISHED by the paper'] = str(value)
        rows.append(row)
    return rows


def _comparison(outcome, baseline):
    found = compare(outcome, baseline) if outcome.seeds else None
    if found is None:
        return {
            'NME against baseline':
            '(baseline)' if outcome is baseline else '',
            'p': ''
        }
    relative = found.mean / baseline.errors().mean()  # percent of a fraction
    return {
        'NME against baseline':
        f'{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}] '
        f'({relative:+.1f} %)',
        'p': f'{found.p_value:.3f}' if found.p_value >= .001 else '< 0.001'
    }


def _spread(values):
    if len(values) == 1:
        return f'{values[0]:.2f}'
    return f'{values.mean():.2f} ± {values.std(ddof=1):.2f}'


def _columns(rows):
    """All columns of the rows, each once, in order."""
    return list(dict.fromkeys(key for row in rows for key in row))


_HOW_TO_READ = (
    'NME is by inter-ocular distance; mean ± standard deviation over training '
    'seeds (dispersion of trainings, not of faces). "NME against baseline" is '
    'in points of NME with its 95 % confidence interval, relative change in '
    'parentheses; p is two-sided. Both treat seeds and persons as drawn at '
    'random (quasi-F test of Clark, 1973), so that a lucky training is not '
    'taken for a better method; p is not corrected for the number of rows. '
    'Checkpoints were chosen on the validation split. GFLOPs count one '
    'multiply-accumulate as one; milliseconds are medians for one face, all '
    'models taking turns in one process.')


def _facts(trials, command):
    """When, where and by what the report was made."""
    import mmengine
    import mmpose
    commits = sorted({
        trial.record().get('commit', 'unknown')
        for group in trials.values() for trial in group
    })
    seconds = sum(trial.record().get('train_seconds', 0)
                  for group in trials.values() for trial in group)
    seeds = sorted({t.seed for group in trials.values() for t in group})
    return [
        f'Date: {datetime.date.today()}',
        f'Machine: {machine_class()}',
        f'Software: Python {platform.python_version()}, torch '
        f'{torch.__version__}, mmengine {mmengine.__version__}, mmpose '
        f'{mmpose.__version__}; this repository at {", ".join(commits)}',
        f'Seeds: {", ".join(map(str, seeds))}; '
        f'{sum(map(len, trials.values()))} trainings, '
        f'{seconds / 3600:.1f} hours of training in all',
        f'Made by: `{command}`',
    ]


def _commands(recipe, trials):
    """What trains and tests the first seed of each run."""
    for name, group in trials.items():
        yield f'# {recipe.runs[name].title} ({name})'
        yield describe(group[0].train_command())
        if group[0].record().get('trained'):
            yield describe(group[0].test_command())


def write_report(recipe: Recipe,
                 trials: Dict[str, List[Trial]],
                 out: str,
                 command: str,
                 speed: bool = True) -> str:
    """Writes ``README.md``, ``results.csv`` and the plots.

    Args:
        recipe (Recipe): What was wanted.
        trials (dict[str, list[Trial]]): By run.
        out (str): Folder.
        command (str): What made the report, as typed.
        speed (bool): Whether to measure size and time.

    Returns:
        str: The Markdown.
    """
    os.makedirs(out, exist_ok=True)
    outcomes = gather(recipe, trials, speed)
    facts = _facts(trials, command)
    text = [f'# {recipe.title}', '']
    if recipe.about:
        text += [recipe.about, '']
    text += [f'* {fact}' for fact in facts] + ['', _HOW_TO_READ, '']
    lines = []
    for number, table in enumerate(recipe.tables, 1):
        rows = _rows(table, outcomes)
        columns = _columns(rows)
        lines += [dict(table=table.title, **row) for row in rows]
        picture = _plot(table, outcomes, osp.join(out, f'ced_{number}'))
        text += [f'## {table.title}', '']
        if table.about:
            text += [table.about, '']
        text += _markdown_table(rows, columns) + ['']
        if picture:
            text += [f'![Cumulative error distributions]({picture})', '']
    commands = '\n'.join(_commands(recipe, trials))
    about_commands = ('Of the first seed of each run; another one has '
                      '`randomness.seed` and the teacher\'s folder of its '
                      'own. The command at the top runs all of them.')
    text += ['## Commands', '', about_commands, '', '```bash', commands,
             '```', '']

    markdown = '\n'.join(text)
    with open(osp.join(out, 'README.md'), 'w') as file:
        file.write(markdown)
    with open(osp.join(out, 'results.csv'), 'w', newline='') as file:
        writer = csv.DictWriter(file, _columns(lines), restval='')
        writer.writeheader()
        writer.writerows(lines)
    return markdown


def _plot(table, outcomes, path):
    """Draws the table's curves; the name of the picture, None without any."""
    curves = {
        outcomes[name].title: list(outcomes[name].errors())
        for name in table.rows if outcomes[name].seeds
    }
    if not curves:
        return None
    save_figure(plot_ced(curves), path)
    return osp.basename(path) + '.png'


def _markdown_table(rows, columns):
    return [
        '| ' + ' | '.join(columns) + ' |',
        '|---|' + '---:|' * (len(columns) - 1)
    ] + [
        '| ' + ' | '.join(row.get(column, '') for column in columns) + ' |'
        for row in rows
    ]
