"""All stages, with a training that only hands the shipped weights on."""
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from pairs import PairFolder

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.distilling import distill, distillation, training
from mmpose_thermal.distilling.agreement import errors_of, measurable
from mmpose_thermal.distilling.distillation import _identity
from mmpose_thermal.engine.student import student_config
from mmpose_thermal.recipes import trials_of
from mmpose_thermal.weights import shipped_models

SCALARS = '{"lr": 0.1, "loss": 2.0, "loss_kpt": 2.0, "step": 1}\n'


@pytest.fixture(scope='module')
def pairs(tmp_path_factory):
    return PairFolder(tmp_path_factory.mktemp('twelve pairs'))


@pytest.fixture
def trained(monkeypatch):
    """Replaces training by the shipped weights; lists what would be trained."""
    names = []

    def execute(recipe, root, say):
        found = trials_of(recipe, root)
        for name, (trial, ) in found.items():
            names.append(name)
            logs = Path(trial.folder) / '20260101_000000/vis_data'
            logs.mkdir(parents=True, exist_ok=True)
            (logs / 'scalars.json').write_text(SCALARS)
            student_config(trial.config()).dump(trial.stock_config)
            shutil.copy(shipped_models()['landmarks_s4'][:-len('.onnx')] + '.pth',
                        os.path.join(trial.folder, 'best_NME_epoch_1.pth'))
            held_out = trial.config().test_dataloader.dataset
            metainfo, faces, _ = measurable(held_out.ann_file, held_out.data_root)
            errors_of(ThermalLandmarker('landmarks_s4'), metainfo,
                      faces).save(trial.errors_file)
            trial.remember(train_seconds=1, trained=True,
                           tested=trial.fingerprint(test=True))
        return found

    monkeypatch.setattr(training, 'execute', execute)
    return names


@pytest.fixture
def run(pairs, trained, tmp_path, monkeypatch):
    """Distils in small; returns the report and what was said."""
    monkeypatch.chdir(REPOSITORY)

    def run(**options):
        said = []
        report = distill(**{
            **dict(pairs=str(pairs.root), teacher=pairs.teacher,
                   detector=pairs.detector, work_dir=str(tmp_path / 'work'),
                   aligned=True, rendered=4, say=said.append), **options})
        return Path(report), said

    return run


def done_before(said):
    return [line.split()[1].rstrip(':') for line in said if 'done before' in line]


def test_a_folder_becomes_a_model_with_a_report(run, trained, pairs, tmp_path):
    report, said = run(levels='both')
    assert trained == ['large', 'light'] and done_before(said) == []
    text = report.read_text()
    # The exported model is a shipped one here: its agreement is nearly the same.
    rows = {line.split('|')[1].strip(): line.split('|')[2:]
            for line in text.splitlines() if line.startswith('| ')}
    agreement = float(rows['this model'][0])
    assert agreement == pytest.approx(float(rows['shipped light model'][0]), abs=.3)
    assert agreement < 20
    assert rows['faces labelled'][0].strip() == '12'
    assert 'agreement, not accuracy' in text and 'These are few faces' in text
    for picture in ('labels.jpg', 'training.png', 'held_out.jpg'):
        assert f']({picture})' in text
        assert cv2.imread(str(report.parent / picture)) is not None
    work = tmp_path / 'work'
    assert f'predict --model {work}/model/landmarks.onnx' in text
    thermal = str(next((pairs.root / 'thermal').glob('*.png')))
    for model in ('landmarks.onnx', 'landmarks.pth'):
        face, = ThermalLandmarker(str(work / 'model' / model))(
            thermal, [[10, 10, 80, 80]])
        assert face.keypoints.shape == (68, 2)


def test_what_is_finished_is_not_done_again(run, trained, tmp_path):
    report, _ = run()
    assert trained == ['light']
    assert run()[1] and done_before(run()[1]) == [
        'label', 'data', 'train', 'export', 'report']
    # An interruption before the end leaves the rest to do.
    report.unlink()
    assert done_before(run()[1]) == ['label', 'data', 'train', 'export']
    (tmp_path / 'work/model/landmarks.onnx').unlink()
    assert done_before(run()[1]) == ['label', 'data', 'train']
    assert trained == ['light']


def test_labels_of_an_annotation_file_are_used_as_they_are(run, pairs):
    path = pairs.root / 'annotations/mine.json'
    path.parent.mkdir()
    path.write_text(json.dumps(pairs.annotations))
    profile = json.loads(path.read_text())
    profile['annotations'][0]['keypoints'][3 * 36 + 2] = 0
    test = path.with_name('test.json')
    test.write_text(json.dumps(profile))
    report, said = run(pairs=str(path), teacher=None, detector=None, test=str(test))
    assert 'is used as it is' in ' '.join(said)
    text = report.read_text()
    assert '## Error on 11 labelled faces' in text
    assert '1 more lack an outer eye corner' in text


@pytest.mark.parametrize('options, message', [
    (dict(pairs='nowhere'), 'nowhere does not exist'),
    (dict(teacher='mesh.whl'), 'mesh.whl does not exist'),
    (dict(teacher=('a.py', 'a.pth')), 'a.py does not exist'),
    (dict(test='test.json'), 'test.json does not exist'),
    (dict(teacher=None), 'has no labels: give --teacher'),
    (dict(rendered=0), '--rendered 0'), (dict(epochs=0), '--epochs 0'),
    (dict(work_dir='my work'), 'without blanks'),
    (dict(levels='three'), "levels must be one of .* got 'three'")])
def test_what_cannot_work_is_refused_at_once(run, options, message, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        run(**options)
    assert not (tmp_path / 'work').exists()


def test_an_empty_folder_and_images_without_faces_are_named(run, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='empty holds no pairs'):
        run(pairs=str(tmp_path / 'empty'))
    with pytest.raises(ValueError, match='no face is left of 12 pairs'):
        run(detector=lambda image, min_score: (np.zeros((0, 4)), np.zeros(0)))


def test_another_test_file_is_refused_before_all_work(run, pairs, tmp_path):
    path = tmp_path / 'five.json'
    content = json.loads(json.dumps(pairs.annotations))
    for face in content['annotations']:
        face.update(keypoints=face['keypoints'][:15], num_keypoints=5)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='five.json'):
        run(test=str(path))
    assert not (tmp_path / 'work').exists()


def test_file_names_that_training_cannot_find_end_before_rendering(
        run, pairs, tmp_path):
    path = tmp_path / 'lists/mine.json'
    path.parent.mkdir()
    path.write_text(json.dumps(pairs.annotations))
    with pytest.raises(ValueError, match='are read relative to .*lists'):
        run(pairs=str(path), teacher=None, detector=None)
    assert not (tmp_path / 'work/rendered').exists()


def test_a_teacher_that_was_trained_anew_labels_anew(run, trained, tmp_path):
    assert _identity(None) is None and _identity(len) == 'len'
    model = tmp_path / 'a.onnx'
    model.write_text('old')
    before = _identity(str(model))
    assert _identity((str(model), 'b.pth')).startswith(before)
    model.write_text('newer')
    assert _identity(str(model)) != before


def test_two_folders_of_one_name_do_not_share_a_default_folder(
        run, pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(distillation, 'require_tools', lambda: None)
    work = tmp_path / 'work_dirs/distill/rig.2024-05-01'
    work.mkdir(parents=True)
    (work / 'distill.json').write_text(json.dumps(
        dict(label=dict(inputs=dict(pairs='/other/rig.2024-05-01'), result={}))))
    (tmp_path / 'rig.2024-05-01').symlink_to(pairs.root)
    with pytest.raises(ValueError, match='made of /other/.* --work-dir'):
        distill('rig.2024-05-01/', pairs.teacher)


def test_it_runs_in_the_repository(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match='root of the repository'):
        distill('x')
