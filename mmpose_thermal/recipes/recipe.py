"""Recipes: which models are trained, and which of them are compared."""
import os.path as osp
from dataclasses import dataclass, field, replace
from typing import Dict, List, Optional, Tuple

from mmengine.config import Config

_RECIPE_FIELDS = {'title', 'about', 'prepare', 'seeds', 'options', 'runs',
                  'tables', 'include', 'folder'}
_RUN_FIELDS = {'title', 'config', 'teacher', 'options', 'seeds', 'published'}
_TABLE_FIELDS = {'title', 'about', 'rows', 'baseline'}


class RecipeError(ValueError):
    """A recipe that cannot be followed. Its message names field and remedy."""


@dataclass
class Run:
    """One row of a table: a config, trained once a seed.

    Attributes:
        name (str): Of the run, and of its folder.
        title (str): What tables and plots call it.
        config (str): The config file it is trained by.
        teacher (str, optional): The run whose best checkpoint teaches it,
            with the same seed.
        options (dict): What differs from the config, as ``--cfg-options``.
        seeds (tuple[int, ...]): Training seeds.
        published (dict): Figures of the paper for this row, by the column's
            name; shown beside our own, marked as published.
        folder (str): Where its trainings go, below the work directory.
    """
    name: str
    title: str
    config: str
    teacher: Optional[str] = None
    options: Dict[str, object] = field(default_factory=dict)
    seeds: Tuple[int, ...] = (0, )
    published: Dict[str, object] = field(default_factory=dict)
    folder: str = ''


@dataclass
class Table:
    """Rows that are compared with each other.

    Attributes:
        title (str): Heading.
        rows (list[str]): Names of runs.
        baseline (str, optional): The row that the others are compared with.
        about (str): A remark below the heading.
    """
    title: str
    rows: List[str]
    baseline: Optional[str] = None
    about: str = ''


@dataclass
class Recipe:
    """What a benchmark trains and compares.

    Attributes:
        name (str): The file's name.
        title (str): Heading of the report.
        about (str): What the report begins with.
        prepare (list[str]): Commands that make the data, run beforehand.
        runs (dict[str, Run]): By name, each after its teacher.
        tables (list[Table]): What the report shows.
    """
    name: str
    title: str
    about: str
    prepare: List[str]
    runs: Dict[str, Run]
    tables: List[Table]


def load_recipe(path: str) -> Recipe:
    """Reads a recipe: a config file in Python with these fields.

    - ``title``, ``about``: of the report.
    - ``prepare``: list of commands that make the data if need be.
    - ``seeds``: training seeds of runs that state none.
    - ``options``: dict of ``--cfg-options`` of all runs.
    - ``runs``: dict by name; each a dict with ``config``, and where they
      apply ``title``, ``teacher``, ``options``, ``seeds``, ``published``.
    - ``tables``: list of dicts with ``title``, ``rows``, ``baseline``,
      ``about``.
    - ``folder``: below the work directory, for runs of other settings than
      those of the same name in other recipes.
    - ``include``: list of recipes, as seen from this one, whose tables follow.

    Fields whose names begin with an underscore are the recipe's own. Runs
    that no table shows, and that teach none shown, are left out: a base
    recipe may define all that others choose from.

    Args:
        path (str): The file.

    Returns:
        Recipe: With its runs in an order in which they can be trained.

    Raises:
        RecipeError: A field is unknown or missing, a row or teacher names no
            run, runs teach each other in a circle, or included recipes mean
            different things by one name.
    """
    if not osp.isfile(path):
        raise RecipeError(f'There is no recipe {path}.')
    fields = {
        key: value
        for key, value in Config.fromfile(path).to_dict().items()
        if not key.startswith('_')
    }
    _check(fields, _RECIPE_FIELDS, path)
    tables = _tables_of(fields, path)
    runs = _runs_of(fields, path)
    prepare = list(fields.get('prepare', ()))
    for name in fields.get('include', ()):
        other = load_recipe(osp.join(osp.dirname(path), name))
        prepare += [line for line in other.prepare if line not in prepare]
        tables += other.tables
        for run in other.runs.values():
            if runs.setdefault(run.name, run) != run:
                raise RecipeError(f'{path}: include: {name} means another run '
                                  f'by "{run.name}" than a recipe before it.')
    if not tables:
        raise RecipeError(f'{path}: it has no "tables", and includes none.')
    for table in tables:
        for row in table.rows + [table.baseline] * (table.baseline is not None):
            if row not in runs:
                raise RecipeError(f'{path}: table "{table.title}": no run is '
                                  f'called "{row}". Known: {", ".join(runs)}.')
    return Recipe(
        name=osp.splitext(osp.basename(path))[0],
        title=fields.get('title', osp.basename(path)),
        about=fields.get('about', ''),
        prepare=prepare,
        runs=_in_order(runs, tables, path),
        tables=tables)


def _runs_of(fields, path):
    seeds, shared = fields.get('seeds', (0, )), fields.get('options', {})
    runs = {}
    for name, run in fields.get('runs', {}).items():
        where = f'{path}: runs.{name}'
        _check(run, _RUN_FIELDS, where, required=('config', ))
        if not osp.isfile(run['config']):
            raise RecipeError(
                f'{where}: there is no config {run["config"]}. Name it as '
                'seen from the folder that the benchmark is run in.')
        runs[name] = Run(
            name=name,
            title=run.get('title', name),
            config=run['config'],
            teacher=run.get('teacher'),
            options={**shared, **run.get('options', {})},
            seeds=tuple(run.get('seeds', seeds)),
            published=run.get('published', {}),
            folder=fields.get('folder', ''))
    return runs


def _tables_of(fields, path):
    tables = []
    for index, table in enumerate(fields.get('tables', ())):
        _check(table, _TABLE_FIELDS, f'{path}: tables[{index}]',
               required=('title', 'rows'))
        tables.append(Table(**table))
    return tables


def _check(fields, known, where, required=()):
    unknown = sorted(set(fields) - known)
    if unknown:
        raise RecipeError(f'{where}: unknown field "{unknown[0]}". Known: '
                          f'{", ".join(sorted(known))}.')
    for key in required:
        if not fields.get(key):
            raise RecipeError(f'{where}: "{key}" is missing.')


def _in_order(runs, tables, path):
    """The runs that tables show, and their teachers, each before its pupils.
    """
    ordered, seeds = {}, {}

    def add(name, wanted, pupils):
        if name not in runs:
            raise RecipeError(f'{path}: runs.{pupils[-1]}: no run is called '
                              f'"{name}", its teacher.')
        if name in pupils:
            raise RecipeError(f'{path}: {" <- ".join(pupils)} <- {name} teach '
                              'each other in a circle.')
        run = runs[name]
        if run.teacher is not None:
            add(run.teacher, wanted, (*pupils, name))
        # A teacher is trained with each seed that a pupil of it has.
        seeds[name] = sorted({*seeds.get(name, ()), *wanted})
        ordered[name] = run

    for table in tables:
        for row in dict.fromkeys([*table.rows, table.baseline]):
            if row is not None:
                add(row, runs[row].seeds, ())
    return {
        name: replace(run, seeds=tuple(seeds[name]))
        for name, run in ordered.items()
    }
