"""The report: its numbers are those of the errors' files."""
import csv

import numpy as np
import pytest
from conftest import CODEC, estimator, face_errors
from mmengine.config import Config

from mmpose_thermal.evaluation import paired_difference
from mmpose_thermal.recipes import (RecipeError, load_recipe, trials_of,
                                    write_report)

RECIPE = '''
title = 'A comparison'
about = 'SYNTHETIC <data>.'
seeds = (0, 1)
runs = dict(
    plain=dict(config='config.py', title='Plain'),
    better=dict(config='config.py', title='Better', published=dict(NME=4.2)),
    missing=dict(config='config.py', title='Missing'),
    colour=dict(config='config.py', title='Colour'),
    wide=dict(config='config.py', title='Wide'))
tables = [dict(title='All', about='Five rows.', baseline='plain',
               rows=['plain', 'better', 'missing', 'colour', 'wide']),
          dict(title='One network', rows=['plain', 'better'])]
'''


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """Trials that look as if they were tested."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'config.py').write_text('model = dict(type="A")')
    (tmp_path / 'recipe.py').write_text(RECIPE)
    recipe = load_recipe('recipe.py')
    trials = trials_of(recipe, 'root')
    for name, error_px in (('plain', 3.), ('better', 2.), ('colour', 1.),
                           ('wide', 2.)):
        for trial in trials[name]:
            if name == 'better' and trial.seed == 1:
                continue
            faces = face_errors(error_px=error_px, seed=trial.seed)
            if name == 'colour':
                faces.images = [f'rgb/{image}' for image in faces.images]
            faces.save(trial.errors_file)
            trial.remember(tested=trial.fingerprint(test=True))
            Config(
                dict(
                    model=estimator(32 if name == 'wide' else 16),
                    codec=CODEC,
                    test_dataloader=dict(
                        dataset=dict(pipeline=[
                            dict(type='LoadThermalImage'),
                            dict(type='GetBBoxCenterScale'),
                            dict(type='TopdownAffine', input_size=(64, 64))
                        ])))).dump(trial.stock_config)
    return recipe, trials


def test_report(finished, tmp_path):
    recipe, trials = finished
    markdown = write_report(recipe, trials, 'out', 'python run.py', False)
    with open('out/results.csv', newline='') as file:
        rows = {row['model']: row for row in csv.DictReader(file)
                if row['table'] == 'All'}
    nme = [100 * face_errors(error_px=3, seed=s).nme() for s in (0, 1)]
    means = np.mean(nme, axis=1)
    assert rows['Plain']['NME (%)'] == (
        f'{means.mean():.2f} ± {means.std(ddof=1):.2f}')
    assert rows['Plain']['NME against baseline'] == '(baseline)'
    # one seed of two, compared with the same seed of the baseline
    better = 100 * face_errors(error_px=2, seed=0).nme()
    found = paired_difference(better, nme[0], np.arange(12) // 2)
    assert rows['Better']['seeds'] == '1 of 2'
    assert rows['Better']['NME against baseline'].startswith(
        f'{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]')
    assert float(rows['Better']['p'].strip('< ')) == pytest.approx(
        max(found.p_value, .001), abs=1e-3)
    assert rows['Better']['NME, PUBLISHED by the paper'] == '4.2'
    assert rows['Plain']['NME, PUBLISHED by the paper'] == ''
    assert rows['Missing']['NME (%)'] == 'not trained'
    # other images: nothing to pair
    assert rows['Colour']['p'] == ''
    assert 'python run.py' in markdown
    for name in ('README.md', 'nme_1.png'):
        assert (tmp_path / 'out' / name).stat().st_size > 0
    assert 'SYNTHETIC <data>' in (tmp_path / 'out/README.md').read_text()


def test_size_and_speed_are_measured_once_a_network(finished):
    recipe, trials = finished
    write_report(recipe, trials, 'out', 'command')
    with open('out/results.csv', newline='') as file:
        lines = [*csv.DictReader(file)]
    rows = {row['model']: row for row in lines if row['table'] == 'All'}
    assert float(rows['Plain']['ONNX (ms)']) > 0
    assert float(rows['Wide']['params (M)']) > float(rows['Plain']['params (M)'])
    for column in ('params (M)', 'GFLOPs', 'PyTorch (ms)', 'ONNX (ms)'):
        assert rows['Plain'][column] == rows['Better'][column]
    assert rows['Missing']['GFLOPs'] == ''


def test_tests_on_different_faces_are_not_averaged(finished):
    recipe, trials = finished
    face_errors(count=10).save(trials['plain'][1].errors_file)
    with pytest.raises(RecipeError, match='has other faces than'):
        write_report(recipe, trials, 'out', 'command', False)
