"""Recipes: what they say, and what is wrong with them."""
import copy

import pytest
from conftest import REPOSITORY
from mmengine.config import Config

from mmpose_thermal.recipes import RecipeError, load_recipe, trials_of

RECIPES = sorted((REPOSITORY / 'configs/recipes').glob('*.py'))
GOOD = dict(
    seeds=(0, 1),
    options={'train_cfg.max_epochs': 2},
    runs=dict(
        teacher=dict(config='config.py'),
        plain=dict(config='config.py', title='Plain'),
        student=dict(
            config='config.py',
            teacher='teacher',
            options={'model.x': 3},
            published=dict(NME=5.1)),
        spare=dict(config='config.py')),
    tables=[dict(title='All', rows=['student', 'plain'], baseline='plain')])


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'config.py').write_text('model = dict()')
    (tmp_path / 'kd.py').write_text(
        'default_hooks = dict(student=dict(type="StudentCheckpointHook"))')

    def write(fields, name='recipe.py'):
        (tmp_path / name).write_text('\n'.join(
            f'{key} = {value!r}' for key, value in fields.items()))
        return str(tmp_path / name)

    return write


def test_runs_are_trained_after_their_teachers_and_only_if_shown(write):
    recipe = load_recipe(write(GOOD))
    assert list(recipe.runs) == ['teacher', 'student', 'plain']
    assert recipe.runs['student'].options == {
        'train_cfg.max_epochs': 2, 'model.x': 3}
    assert recipe.runs['student'].published == dict(NME=5.1)
    assert [run.title for run in recipe.runs.values()] == [
        'teacher', 'student', 'Plain']
    assert recipe.tables[0].baseline == 'plain'


def test_data_seeds_and_runs_are_chosen_without_another_recipe(write):
    path = write(dict(GOOD, data_root='data/one', prepare=['make {data_root}']))
    recipe = load_recipe(path)
    assert recipe.prepare == ['make data/one'] and recipe.seeds == (0, 1)
    key = 'val_dataloader.dataset.data_root'
    assert recipe.runs['plain'].options[key] == 'data/one/'
    recipe = load_recipe(path, 'data/two', [5], ['student'])
    assert recipe.prepare == ['make data/two'] and recipe.seeds == (5, )
    assert list(recipe.runs) == ['teacher', 'student']
    assert recipe.runs['teacher'].options[key] == 'data/two/'
    with pytest.raises(RecipeError, match='no run is called "nobody"'):
        load_recipe(path, only=['nobody'])


def test_each_seed_has_a_teacher_of_its_own(write):
    trials = trials_of(load_recipe(write(GOOD)), 'root')
    assert [t.needed['teacher'].name for t in trials['student']] == [
        'teacher/seed0', 'teacher/seed1']
    assert trials['student'][1].options == {
        'train_cfg.max_epochs': 2, 'model.x': 3, 'randomness.seed': 1,
        'model.teacher.checkpoint': 'root/teacher/seed1/best_NME_*.pth'}


def test_a_run_starts_from_the_student_of_another(write):
    fields = copy.deepcopy(GOOD)
    fields['runs']['student']['config'] = 'kd.py'
    fields['runs']['tuned'] = dict(
        config='config.py', checkpoints={'load_from': 'student'})
    fields['tables'][0]['rows'] = ['tuned', 'plain']
    recipe = load_recipe(write(fields))
    assert list(recipe.runs) == ['teacher', 'student', 'tuned', 'plain']
    trials = trials_of(recipe, 'root')
    assert trials['tuned'][1].options['load_from'] == (
        'root/student/seed1/student_best.pth')
    fields['runs']['teacher']['options'] = {'model.depth': 34}
    other = trials_of(load_recipe(write(fields)), 'root')
    assert trials['tuned'][1].fingerprint() != other['tuned'][1].fingerprint()


def test_a_teacher_of_another_shape_brings_its_own_config(write):
    fields = copy.deepcopy(GOOD)
    fields['runs']['teacher']['options'] = {'model.depth': 34}
    trial = trials_of(load_recipe(write(fields)), 'root')['student'][0]
    assert trial.options['model.teacher.config'] == (
        'root/teacher/seed0/config.py')


@pytest.mark.parametrize('change, message', [
    (lambda f: f.update(seed=3), 'unknown field "seed"'),
    (lambda f: f.pop('tables'), 'no "tables"'),
    (lambda f: f['runs']['plain'].update(teachers='x'), 'unknown .*"teachers"'),
    (lambda f: f['runs']['plain'].pop('config'), 'runs.plain: .*\'config\''),
    (lambda f: f['runs']['plain'].update(config='no.py'), 'no config no.py'),
    (lambda f: f['runs']['student'].update(teacher='nobody'), '"nobody"'),
    (lambda f: f['runs']['teacher'].update(teacher='student'), 'circle'),
    (lambda f: f['runs']['teacher'].update(checkpoints=dict(load_from='student')),
     'circle'),
    (lambda f: f['runs']['student'].update(checkpoints=dict(load_from='plain')),
     'load_from: .*"plain" has no StudentCheckpointHook'),
    (lambda f: f['runs']['plain'].update(checkpoints=dict(load_form='student')),
     '"load_form" is neither'),
    (lambda f: f['runs']['plain'].update(
        checkpoints={'model.x': 'student'}, options={'model.x': 3}), 'given twice'),
    (lambda f: f['runs']['student'].update(
        checkpoints={'model.teacher.checkpoint': 'student'}), 'given twice'),
    (lambda f: f['tables'][0]['rows'].append('nobody'), '"nobody"'),
    (lambda f: f['tables'][0].update(baseline='nobody'), '"nobody"'),
])
def test_a_recipe_that_cannot_be_followed_says_why(write, change, message):
    fields = copy.deepcopy(GOOD)
    change(fields)
    with pytest.raises(RecipeError, match=message):
        load_recipe(write(fields))


def test_recipes_include_others(write):
    write({**GOOD, 'prepare': ['make data']}, 'one.py')
    other = copy.deepcopy(GOOD)
    other['prepare'] = ['make data', 'make more']
    other['tables'] = [dict(title='Spare', rows=['spare'])]
    write(other, 'other.py')
    path = write(dict(title='Both', include=['one.py', 'other.py']))
    recipe = load_recipe(path)
    assert [table.title for table in recipe.tables] == ['All', 'Spare']
    assert list(recipe.runs) == ['teacher', 'student', 'plain', 'spare']
    assert recipe.prepare == ['make data', 'make more']
    other['runs']['plain']['options'] = {'model.x': 4}
    other['tables'][0]['rows'].append('plain')
    write(other, 'other.py')
    with pytest.raises(RecipeError, match='other.py defines "plain"'):
        load_recipe(path)


def test_a_folder_keeps_runs_of_one_name_apart(write):
    trials = trials_of(load_recipe(write({**GOOD, 'folder': 'quick'})), 'root')
    assert trials['plain'][0].folder == 'root/quick/plain/seed0'


def other_tables(path):
    """The tables that a recipe includes."""
    fields = Config.fromfile(str(path)).to_dict()
    return [table for name in fields.get('include', ())
            for table in load_recipe(str(path.parent / name)).tables]


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_recipes_of_the_repository(path, monkeypatch):
    """Every option fits its config, and nothing is compared with itself."""
    monkeypatch.chdir(REPOSITORY)
    recipe = load_recipe(str(path))
    trials = trials_of(recipe, 'root')
    included = {row for table in other_tables(path) for row in table.rows}
    for name, group in trials.items():
        run = recipe.runs[name]
        if name in included or not (run.options or run.needs):
            continue  # its own recipe is tested too; the config as it is
        config = group[0].config()
        for key, value in group[0].options.items():
            field = config
            for part in key.split('.'):
                if part != '_delete_':
                    field = field[int(part) if part.isdigit() else part]
            assert '_delete_' in key or field == value
        if run.teacher:
            assert config.model.type == 'CrossModalDistiller'
    folders = [trial.folder for group in trials.values() for trial in group]
    assert len(set(folders)) == len(folders)
    for table in recipe.tables:
        assert len(set(table.rows)) == len(table.rows) > 1
