"""Recipes: which models are trained, and which of them are compared."""
import os.path as osp
from dataclasses import dataclass, field, fields, replace
from typing import Dict, List, Optional, Sequence, Tuple

from mmengine.config import Config

_FIELDS = {'title', 'about', 'data_root', 'prepare', 'seeds', 'options', 'runs',
           'tables', 'include', 'folder'}


class RecipeError(ValueError):
    """A recipe that cannot be followed. Its message names field and remedy."""


@dataclass
class Run:
    """One row of a table: a config, trained once with each seed.

    Attributes:
        name (str): Of the run, and of its folder.
        config (str): The config file that it is trained with.
        title (str): What tables and plots call it; by default its name.
        teacher (str, optional): The run that teaches it: by the checkpoint with
            the lowest validation NME, of the same seed.
        options (dict): What differs from the config, as ``--cfg-options``.
        published (dict): The paper's figures for this row, by column; shown beside
            ours and marked as published.
        folder (str): Where its trainings go, below the work directory.
    """
    name: str
    config: str
    title: str = ''
    teacher: Optional[str] = None
    options: Dict[str, object] = field(default_factory=dict)
    published: Dict[str, object] = field(default_factory=dict)
    folder: str = ''


@dataclass
class Table:
    """Rows that are compared with each other.

    Attributes:
        title (str): Heading.
        rows (list[str]): Names of runs.
        baseline (str, optional): The run that all rows are compared with.
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
        path (str): The file.
        title (str): Heading of the report.
        about (str): First paragraph of the report.
        prepare (list[str]): Commands that make the data.
        seeds (tuple[int, ...]): Training seeds.
        runs (dict[str, Run]): By name, each after its teacher.
        tables (list[Table]): What the report shows.
    """
    path: str
    title: str
    about: str
    prepare: List[str]
    seeds: Tuple[int, ...]
    runs: Dict[str, Run]
    tables: List[Table]


def load_recipe(path: str,
                data_root: Optional[str] = None,
                seeds: Optional[Sequence[int]] = None,
                only: Sequence[str] = ()) -> Recipe:
    """Reads a recipe: a config file in Python with these fields.

    - ``title``, ``about``: of the report.
    - ``data_root``: folder of the data of all splits.
    - ``prepare``: list of commands that make the data; they may name
      ``{data_root}``.
    - ``seeds``: training seeds of all runs, included ones as well.
    - ``options``: dict of ``--cfg-options`` of all runs.
    - ``runs``: dict by name; each a dict of the fields of :class:`Run`.
    - ``tables``: list of dicts of the fields of :class:`Table`.
    - ``folder``: below the work directory, for runs that differ from those of the
      same name in other recipes.
    - ``include``: list of recipes, relative to this one, whose tables follow.

    Fields whose names begin with an underscore are the recipe's own. Runs that no
    table shows, and that teach none shown, are left out: a base recipe may define
    all that others choose from.

    Args:
        path (str): The file.
        data_root (str, optional): Replaces the recipe's.
        seeds (Sequence[int], optional): Replace the recipe's.
        only (Sequence[str]): Names of runs; by default all that tables show.

    Raises:
        RecipeError: A field is unknown or missing, a row or teacher names no run,
            runs teach each other in a circle, or included recipes mean different
            things by one name.
    """
    if not osp.isfile(path):
        raise RecipeError(f'There is no recipe {path}.')
    given = {
        key: value
        for key, value in Config.fromfile(path).to_dict().items()
        if not key.startswith('_')
    }
    _check(given, _FIELDS, path)
    root = data_root or given.get('data_root', '')
    runs = _runs(given, root, path)
    tables = [
        _build(Table, table, f'{path}: tables[{index}]')
        for index, table in enumerate(given.get('tables', ()))
    ]
    prepare = [line.replace('{data_root}', root) for line in given.get('prepare', ())]
    for name in given.get('include', ()):
        other = load_recipe(osp.join(osp.dirname(path), name), data_root)
        prepare += [line for line in other.prepare if line not in prepare]
        tables += other.tables
        for run in other.runs.values():
            if runs.setdefault(run.name, run) != run:
                raise RecipeError(f'{path}: include: {name} means another run by '
                                  f'"{run.name}" than a recipe before it.')
    if not tables:
        raise RecipeError(f'{path}: it has no "tables", and includes none.')
    if only:
        tables = [Table('Selected runs', list(only))]
    return Recipe(
        path=path,
        title=given.get('title', osp.basename(path)),
        about=given.get('about', ''),
        prepare=prepare,
        seeds=tuple(seeds or given.get('seeds', (0, ))),
        runs=_teachers_first(runs, tables, path),
        tables=tables)


def _runs(given, data_root, path):
    shared = dict(given.get('options', {}))
    if data_root:
        shared.update({
            f'{split}_dataloader.dataset.data_root': osp.join(data_root, '')
            for split in ('train', 'val', 'test')
        })
    runs = {}
    for name, stated in given.get('runs', {}).items():
        where = f'{path}: runs.{name}'
        run = _build(Run, {'title': name, **stated, 'name': name}, where)
        if not osp.isfile(run.config):
            raise RecipeError(f'{where}: there is no config {run.config}. Name it as '
                              'seen from the folder that the benchmark is run in.')
        runs[name] = replace(
            run, options={**shared, **run.options}, folder=given.get('folder', ''))
    return runs


def _build(kind, stated, where):
    _check(stated, {item.name for item in fields(kind)}, where)
    try:
        return kind(**stated)
    except TypeError as error:  # names the fields that are missing
        raise RecipeError(f'{where}: {error}') from None


def _check(stated, known, where):
    for key in stated:
        if key not in known:
            raise RecipeError(f'{where}: unknown field "{key}". Known: '
                              f'{", ".join(sorted(known))}.')


def _teachers_first(runs, tables, path):
    """The runs that tables show, and their teachers, each before its students."""
    ordered = {}

    def add(name, where, students=()):
        if name not in runs:
            raise RecipeError(f'{path}: {where}: no run is called "{name}". Known: '
                              f'{", ".join(runs)}.')
        if name in students:
            raise RecipeError(f'{path}: {" <- ".join(students)} <- {name} teach each '
                              'other in a circle.')
        if runs[name].teacher is not None:
            add(runs[name].teacher, f'runs.{name}.teacher', (*students, name))
        ordered[name] = runs[name]

    for table in tables:
        for name in (*table.rows, table.baseline):
            if name is not None:
                add(name, f'table "{table.title}"')
    return ordered
