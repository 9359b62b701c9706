"""Recipes: the models to train and the comparisons to report."""
import os.path as osp
from dataclasses import dataclass, field, fields, replace
from typing import Dict, List, Optional, Sequence, Tuple

from mmengine.config import Config

_FIELDS = {'title', 'about', 'data_root', 'prepare', 'seeds', 'options', 'runs',
           'tables', 'include', 'folder'}


class RecipeError(ValueError):
    """A recipe is invalid or cannot be run; the message gives field and remedy."""


@dataclass
class Run:
    """One row of a table: a config, trained once per seed.

    Attributes:
        name (str): Name of the run and its folder.
        config (str): Config file.
        title (str): Title in tables and plots. Defaults to the name.
        teacher (str, optional): The run that teaches this one, with its checkpoint
            of lowest validation NME for the same seed.
        checkpoints (dict): Options that name another run's ``student_best.pth`` for
            the same seed, such as ``{'load_from': 'large'}``.
        options (dict): Overrides of the config, like ``--cfg-options``.
        published (dict): The paper's figures for this row by column, shown next to
            ours and marked as published.
        folder (str): Folder of the trainings, below the work directory.
    """
    name: str
    config: str
    title: str = ''
    teacher: Optional[str] = None
    checkpoints: Dict[str, str] = field(default_factory=dict)
    options: Dict[str, object] = field(default_factory=dict)
    published: Dict[str, object] = field(default_factory=dict)
    folder: str = ''

    @property
    def needs(self) -> Dict[str, str]:
        """The runs to train before this one, by the field that names them."""
        teacher = {} if self.teacher is None else {'teacher': self.teacher}
        return {**teacher, **self.checkpoints}


@dataclass
class Table:
    """Runs to compare with each other.

    Attributes:
        title (str): Heading.
        rows (list[str]): Names of runs.
        baseline (str, optional): The run to compare all rows with.
        about (str): Remark below the heading.
    """
    title: str
    rows: List[str]
    baseline: Optional[str] = None
    about: str = ''


@dataclass
class Recipe:
    """A benchmark: the runs to train and the tables to report.

    Attributes:
        path (str): The recipe file.
        title (str): Heading of the report.
        about (str): First paragraph of the report.
        prepare (list[str]): Commands that prepare the data.
        seeds (tuple[int, ...]): Training seeds.
        runs (dict[str, Run]): Runs by name, each after those that it needs.
        tables (list[Table]): Tables of the report.
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
    """Reads a recipe: a Python config file with these fields.

    - ``title``, ``about``: title and first paragraph of the report.
    - ``data_root``: folder of the data for all splits.
    - ``prepare``: list of commands that prepare the data; they may contain
      ``{data_root}``.
    - ``seeds``: training seeds of all runs, including those of included recipes.
    - ``options``: dict of ``--cfg-options`` for all runs.
    - ``runs``: dict of runs by name, each a dict of fields of :class:`Run`.
    - ``tables``: list of dicts of fields of :class:`Table`.
    - ``folder``: subfolder of the work directory, for runs that differ from runs
      with the same name in other recipes.
    - ``include``: list of recipes, relative to this one, with further tables.

    Fields that start with an underscore are ignored. Runs that are neither shown in
    a table nor needed by a shown run are skipped, so a base recipe may define more
    runs than each recipe uses.

    Args:
        path (str): The recipe file.
        data_root (str, optional): Overrides the recipe's data root.
        seeds (Sequence[int], optional): Override the recipe's seeds.
        only (Sequence[str]): Names of runs. Defaults to all runs in tables.

    Raises:
        RecipeError: A field or option is unknown, missing or given twice, a row or
            needed run is not a run or leaves no checkpoint of a student, runs need
            each other in a circle, or included recipes define different runs with
            the same name.
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
                raise RecipeError(f'{path}: include: {name} defines "{run.name}" '
                                  'differently from an earlier recipe.')
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
        runs=_needed_first(runs, tables, path),
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
            raise RecipeError(f'{where}: there is no config {run.config}. Give its '
                              'path relative to the folder where you run this.')
        run = replace(
            run, options={**shared, **run.options}, folder=given.get('folder', ''))
        _check_checkpoints(run, where)
        runs[name] = run
    return runs


def _check_checkpoints(run, where):
    for option in run.checkpoints:
        if option in run.options or (
                run.teacher and option == 'model.teacher.checkpoint'):
            raise RecipeError(f'{where}: {option} is given twice.')
        if option != 'load_from' and not option.startswith('model.'):
            raise RecipeError(f'{where}: checkpoints: "{option}" is neither load_from '
                              'nor an option of the model.')


def _exports_student(config):
    fields = Config.fromfile(config)
    return 'StudentCheckpointHook' in str(
        [fields.get('default_hooks'), fields.get('custom_hooks')])


def _build(kind, stated, where):
    _check(stated, {item.name for item in fields(kind)}, where)
    try:
        return kind(**stated)
    except TypeError as error:  # lists the missing fields
        raise RecipeError(f'{where}: {error}') from None


def _check(stated, known, where):
    for key in stated:
        if key not in known:
            raise RecipeError(f'{where}: unknown field "{key}". Known: '
                              f'{", ".join(sorted(known))}.')


def _needed_first(runs, tables, path):
    """Selects the runs shown in tables and those that they need, which go first."""
    ordered = {}

    def add(name, where, waiting=()):
        if name not in runs:
            raise RecipeError(f'{path}: {where}: no run is called "{name}". Known: '
                              f'{", ".join(runs)}.')
        if name in waiting:
            raise RecipeError(f'{path}: {" <- ".join(waiting)} <- {name} need each '
                              'other in a circle.')
        for key, needed in runs[name].needs.items():
            add(needed, f'runs.{name}: {key}', (*waiting, name))
        for key, needed in runs[name].checkpoints.items():
            if not _exports_student(runs[needed].config):
                raise RecipeError(
                    f'{path}: runs.{name}: {key}: the config of "{needed}" has no '
                    'StudentCheckpointHook, so it writes no student_best.pth.')
        ordered[name] = runs[name]

    for table in tables:
        for name in (*table.rows, table.baseline):
            if name is not None:
                add(name, f'table "{table.title}"')
    return ordered
