"""Trainings of a recipe: what runs, when, and what a failure leaves.

The tools are stand-ins here that take no time; the real ones follow in
tests/tools/test_analysis_tools.py.
"""
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mmpose_thermal.recipes import (RecipeError, execute, load_recipe, run_recipe,
                                    trials_of)

RECIPE = '''
seeds = (0, 1)
prepare = ['python prepare.py']
runs = dict(
    teacher=dict(config='plain.py'),
    plain=dict(config='plain.py'),
    student=dict(config='distiller.py', teacher='teacher'))
tables = [dict(title='All', rows=['plain', 'student'])]
'''
TRAIN = '''
import os, sys, time
print('Epoch(train)  [1][10/19]  eta: 0:00:09', flush=True)
folder = sys.argv[sys.argv.index('--work-dir') + 1]
checkpoint = folder + '/last_checkpoint'
assert '--resume' in sys.argv
open(checkpoint, 'w').close()
with open('log', 'a') as log:
    log.write('train ' + folder + '\\n')
if 'plain/seed1' in folder and os.path.exists('break'):
    sys.exit('out of luck')
if 'teacher/seed0' in folder and os.path.exists('break_teacher'):
    sys.exit('out of luck')
while os.path.exists('wait'):
    time.sleep(.05)
open(folder + '/best_NME_epoch_1.pth', 'w').close()
'''
TEST = '''
import sys
out = sys.argv[-1].split('=')[1]
assert sys.argv[2].endswith('best_NME_epoch_1.pth')
with open('log', 'a') as log:
    log.write('test ' + out + '\\n')
open(out, 'w').close()
'''


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with stand-ins of the tools, two configs and a recipe."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools/train.py').write_text(TRAIN)
    (tmp_path / 'tools/test.py').write_text(TEST)
    (tmp_path / 'prepare.py').write_text('open("prepared", "a").write("x")')
    (tmp_path / 'plain.py').write_text(
        'model = dict(type="A", lr=1)\ntest_evaluator = dict(type="M")')
    (tmp_path / 'distiller.py').write_text(
        'model = dict(type="CrossModalDistiller", teacher=dict(), '
        'student=dict(config=dict(type="A")))')
    (tmp_path / 'recipe.py').write_text(RECIPE)
    return tmp_path


def run():
    said = []
    return execute(load_recipe('recipe.py'), 'root', said.append), said


def log(kind='train'):
    return [
        line.split()[1] for line in open('log').read().splitlines()
        if line.startswith(kind)
    ]


def undone(trials):
    return {trial.name for group in trials.values() for trial in group
            if not trial.tested()}


def test_everything_is_trained_once_teachers_first(place):
    trials, said = run()
    assert not undone(trials) and len(log()) == len(log('test')) == 6
    assert said[1:3] == ['[1/6] plain/seed0: plain',
                         '  Epoch(train)  [1][10/19]  eta: 0:00:09']
    order = log()
    for seed in (0, 1):
        assert order.index(f'root/teacher/seed{seed}') < order.index(
            f'root/student/seed{seed}')
    said = run()[1]
    assert log() == order and str(said).count('done before') == 6
    assert open('prepared').read() == 'xx'  # the data's maker decides itself


def test_a_failure_stops_only_what_depends_on_it(place):
    (place / 'break').touch()
    (place / 'break_teacher').touch()
    trials, said = run()
    assert undone(trials) == {'plain/seed1', 'student/seed0', 'teacher/seed0'}
    said = '\n'.join(said)
    assert 'plain/seed1: FAILED: tools/train.py exited with 1' in said
    assert 'out of luck' in said
    assert 'student/seed0: left out, since teacher/seed0 failed' in said
    (place / 'break').unlink()
    (place / 'break_teacher').unlink()
    count = len(log())
    assert not undone(run()[0])
    assert log()[count:] == [
        'root/plain/seed1', 'root/teacher/seed0', 'root/student/seed0']


def test_a_training_without_a_best_checkpoint_fails_with_the_remedy(place):
    run()
    os.remove('root/plain/seed0/best_NME_epoch_1.pth')
    os.remove('root/plain/seed0/test_errors.json')
    trials, said = run()
    assert undone(trials) == {'plain/seed0'} and 'save_best="NME"' in str(said)


def test_changed_settings_are_refused_not_mixed(place):
    run()
    text = (place / 'plain.py').read_text()
    (place / 'plain.py').write_text(text.replace('lr=1', 'lr=2'))
    with pytest.raises(RecipeError, match='begun with other settings'):
        run()
    # the student knows that its teacher has changed, too
    trial = trials_of(load_recipe('recipe.py'), 'root')['student'][0]
    assert trial.fingerprint() != trial.record()['training']


def test_changed_test_settings_only_test_again(place):
    run()
    text = (place / 'plain.py').read_text()
    (place / 'plain.py').write_text(text.replace('"M"', '"N"'))
    run()
    assert len(log()) == 6
    assert len(log('test')) == 6 + 4  # the distiller's config is another
    os.remove('root/plain/seed0/test_errors.json')
    run()
    assert log('test')[-1] == 'root/plain/seed0/test_errors.json'
    assert len(log()) == 6


def test_only_settings_of_the_training_make_it_another(place):
    def fingerprint(settings):
        (place / 'plain.py').write_text(config + settings)
        return trials_of(load_recipe('recipe.py'), 'root')['plain'][0].fingerprint()

    config = (place / 'plain.py').read_text()
    before = fingerprint('\ntrain_dataloader = dict(num_workers=4, batch_size=8)')
    assert before == fingerprint(
        '\nsize = 8\ntrain_dataloader = dict(num_workers=9, batch_size=size)')
    assert before != fingerprint(
        '\ntrain_dataloader = dict(num_workers=4, batch_size=9)')
    assert before != fingerprint(
        '\ntrain_dataloader = dict(num_workers=4, batch_size=8)'
        '\ndata_digest = "of other images behind the same paths"')


def test_data_that_cannot_be_made_stop_the_benchmark(place):
    (place / 'prepare.py').write_text('raise SystemExit(3)')
    with pytest.raises(RecipeError, match='"python prepare.py" failed'):
        run()
    assert not os.path.exists('log')


def test_a_recipe_is_run_in_the_repository(place):
    os.remove('tools/train.py')
    with pytest.raises(RecipeError, match='root of the repository'):
        run_recipe('recipe.py')


PROGRAM = '''
import signal
from mmpose_thermal.recipes import execute, load_recipe
signal.signal(signal.SIGTERM, signal.default_int_handler)
execute(load_recipe('recipe.py'), 'root')
'''


@pytest.mark.parametrize('how', [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_benchmark_leaves_no_second_writer(place, how):
    """Ended, it ends its training; killed, the next one waits for that."""
    (place / 'wait').touch()
    with subprocess.Popen([sys.executable, '-c', PROGRAM],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as program:
        deadline = time.time() + 60
        while not os.path.exists('log') and time.time() < deadline:
            time.sleep(.05)
        time.sleep(.5)
        program.send_signal(how)
    if how == signal.SIGTERM:
        record = json.loads((place / 'root/plain/seed0/trial.json').read_text())
        assert record['train_seconds'] > 0 and not record.get('trained')
        (place / 'wait').unlink()
    said = []

    def say(line):
        said.append(line)
        if line.startswith('waiting'):
            assert how == signal.SIGKILL
            (place / 'wait').unlink()

    assert not undone(execute(load_recipe('recipe.py'), 'root', say))
    waited = 'waiting for another process that is using root/plain/seed0' in said
    assert waited == (how == signal.SIGKILL)
