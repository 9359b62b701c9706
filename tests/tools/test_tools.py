"""The command-line tools, run as a user runs them."""
import json
import os
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import mmpose
import numpy as np
import public_dataset_trees as trees
import pytest
import torch
from conftest import REPOSITORY

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.datasets.transforms import LoadThermalImage

CONFIGS = REPOSITORY / 'configs/thermal_face_2d_keypoint'
STUDENT = CONFIGS / ('topdown_heatmap/synthetic/'
                     'td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py')
TEACHER = CONFIGS / ('topdown_heatmap/synthetic/'
                     'td-hm_res18-w32_1xb32-10e_synthetic-rgb-96x96.py')
KTL = CONFIGS / ('mlcm_kd/synthetic/'
                 'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py')


def run(*command, check=True, **arguments):
    result = subprocess.run([sys.executable, *map(str, command)],
                            stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT,
                            text=True,
                            cwd=arguments.pop('cwd', REPOSITORY),
                            **arguments)
    if check:
        assert result.returncode == 0, result.stdout[-3000:]
    return result


def tiny(root, *more):
    """Options that make a config train on the tiny data set."""
    options = [
        'train_cfg.max_epochs=1', 'train_cfg.val_interval=1',
        'train_dataloader.batch_size=6', 'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'val_dataloader.num_workers=0',
        'val_dataloader.persistent_workers=False',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False'
    ]
    options += [
        f'{split}_dataloader.dataset.data_root={root}/'
        for split in ('train', 'val', 'test')
    ]
    return ['--cfg-options', *options, *more]


@pytest.fixture(scope='module')
def teacher(pairs_root, tmp_path_factory):
    """Trained for one step by our tools/train.py."""
    work_dir = tmp_path_factory.mktemp('teacher')
    cache = ['--cache', work_dir / 'images.lmdb'] if find_spec('lmdb') else []
    arguments = ['--work-dir', work_dir, *cache, *tiny(pairs_root)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        patch.syspath_prepend(str(REPOSITORY / 'tools'))
        patch.setattr(sys, 'argv', ['train.py', *map(str, [TEACHER, *arguments])])
        runpy.run_path('tools/train.py', run_name='__main__')
    assert all(file.stat().st_size > 6 * 96 * 96 for file in cache[1:])
    return work_dir / 'best_NME_epoch_1.pth'


@pytest.mark.long
def test_mmposes_own_train_tool_runs_ktl_from_another_folder(
        pairs_root, teacher, tmp_path, run_tool, monkeypatch):
    tool = Path(mmpose.__file__).parent / '.mim/tools/train.py'
    run(tool, KTL, '--work-dir', tmp_path / 'ktl',
        *tiny(pairs_root, f'model.teacher.checkpoint={teacher}'),
        cwd=tmp_path)
    scalars = next((tmp_path / 'ktl').rglob('scalars.json')).read_text()
    step = json.loads(scalars.splitlines()[0])
    assert step['loss'] == pytest.approx(
        step['loss_kpt'] + step['loss_dikd'], rel=1e-4)
    assert step['distill_decay'] == 1

    monkeypatch.chdir(REPOSITORY)
    # The checkpoint is the student's: its stock config tests and exports it.
    checkpoint = tmp_path / 'ktl/best_NME_epoch_1.pth'
    metrics = tmp_path / 'metrics.json'
    printed = run_tool('test', STUDENT, checkpoint, '--work-dir',
                       tmp_path / 'test', '--out', metrics, *tiny(pairs_root))
    assert 'missing keys' not in printed and 'unexpected key' not in printed
    assert set(json.loads(metrics.read_text())) >= {
        'NME', 'NME_box', 'FR@0.08', 'FR@0.10', 'AUC@0.08', 'AUC@0.10'
    }

    # The distiller's config tests it too, with the same result but for the
    # rounding of another memory format.
    again = tmp_path / 'again.json'
    run_tool(
        'test', KTL, checkpoint, '--work-dir', tmp_path / 'test2', '--out',
        again, *tiny(pairs_root, f'model.teacher.checkpoint={teacher}'))
    assert json.loads(again.read_text())['NME'] == pytest.approx(
        json.loads(metrics.read_text())['NME'], rel=1e-3)

    # The best student was exported: it needs no distiller, nor the teacher.
    best = tmp_path / 'ktl/student_best'
    run_tool('test', f'{best}.py', f'{best}.pth', '--work-dir',
             tmp_path / 'test3', '--out', again)
    assert json.loads(again.read_text())['NME'] == pytest.approx(
        json.loads(metrics.read_text())['NME'], rel=1e-6)

    # And any checkpoint can be turned into such a pair later on.
    run_tool('misc/extract_student', KTL, tmp_path / 'ktl/epoch_1.pth',
             '--out', tmp_path / 'later/student.pth')
    first, second = (
        torch.load(path, weights_only=False)['state_dict']
        for path in (f'{best}.pth', tmp_path / 'later/student.pth'))
    assert all(torch.equal(first[key], second[key]) for key in first)

    # The best student is all that a camera needs.
    assert 'points differ by at most 0.0' in run_tool(
        'deployment/export', f'{best}.py', f'{best}.pth')
    faces = ThermalLandmarker(f'{best}.onnx', 'onnx')(
        pairs_root / 'thermal16/test/200000_000.png')
    assert faces[0].keypoints.shape == (68, 2)
    # Where an untrained model sees it: that need not be skin.
    assert 'forehead' in faces[0].skin_celsius


@pytest.mark.parametrize('given, passed', [
    ('a.py --resume', 'a.py --resume'),
    ('a.py --cache f --resume',
     'a.py --resume --cfg-options train_dataloader.dataset.cache=f'),
    ('a.py --cfg-options b=1 --cache f',
     'a.py --cfg-options train_dataloader.dataset.cache=f b=1')])
def test_cache_is_an_option_of_the_config(given, passed, monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / 'tools'))
    tool = runpy.run_path(str(REPOSITORY / 'tools/train.py'))
    assert tool['with_cache'](given.split()) == passed.split()


@pytest.mark.parametrize('given, passed', [
    ('a.py --resume', 'a.py'),
    ('a.py --resume auto --amp', 'a.py --amp'),
    ('a.py --resume x.pth', 'a.py --resume x.pth'),
    ('a.py --resume --work-dir begun', 'a.py --resume --work-dir begun'),
    ('a.py --resume --cfg-options work_dir=begun',
     'a.py --resume --cfg-options work_dir=begun'),
    ('plain.py --resume', 'plain.py --resume'),
    ('plain.py --resume --cfg-options load_from=b.pth',
     'plain.py --cfg-options load_from=b.pth'),
    ('plain.py --resume --work-dir begun --cfg-options load_from=b.pth',
     'plain.py --resume --work-dir begun --cfg-options load_from=None'),
    ('a.py --work begun --resume', 'a.py --work begun --resume'),
    ('a.py --cfg work_dir=begun --res', 'a.py --cfg work_dir=begun --res'),
    ('a.py --resume=auto', 'a.py'),
    ('a.py', 'a.py'),
    ('gone.py --resume', 'gone.py --resume')])
def test_resuming_nothing_starts_where_the_config_says(given, passed, tmp_path,
                                                       monkeypatch):
    """MMPose forgets ``load_from`` then, and trains from random weights."""
    monkeypatch.syspath_prepend(str(REPOSITORY / 'tools'))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr('sys.argv', ['train.py'])
    (tmp_path / 'a.py').write_text('load_from = "start.pth"')
    (tmp_path / 'plain.py').write_text('load_from = None')
    (tmp_path / 'begun').mkdir()
    (tmp_path / 'begun/last_checkpoint').write_text('begun/epoch_1.pth')
    tool = runpy.run_path(str(REPOSITORY / 'tools/train.py'))
    assert tool['with_start'](given.split()) == passed.split()


def test_extraction_explains_what_is_wrong(tmp_path, save_teacher, run_tool,
                                           monkeypatch):
    from conftest import estimator
    monkeypatch.chdir(REPOSITORY)
    path = save_teacher(estimator(8))
    for arguments, message in (
        ((KTL, tmp_path / 'gone.pth'), 'gone.pth does not exist'),
        ((KTL, path), 'does not hold the student of this config'),
        ((KTL, path, '--out', path), 'is the checkpoint itself')):
        with pytest.raises(SystemExit, match=message):
            run_tool('misc/extract_student', *arguments)


@pytest.mark.parametrize('option, message', [
    ('model.teacher.checkpoint=nowhere.pth', 'nowhere.pth does not exist'),
    ('train_dataloader.dataset.with_rgb=False', 'Set `with_rgb=True`'),
    ('model.data_preprocessor.rgb.bgr_to_rgb=False', '`bgr_to_rgb` of'),
])
def test_wrong_set_up_of_a_training_is_explained(
        pairs_root, teacher, tmp_path, run_tool, monkeypatch, option, message):
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises((KeyError, ValueError, OSError), match=message):
        run_tool(
            'train', KTL, '--work-dir', tmp_path,
            *tiny(pairs_root, f'model.teacher.checkpoint={teacher}', option))


@pytest.mark.parametrize('tool', sorted(
    str(path.relative_to(REPOSITORY / 'tools'))
    for path in (REPOSITORY / 'tools').rglob('*.py')
    if '__main__' in path.read_text() and path.name != 'mmpose_tool.py'))
def test_python_tools_have_help(tool, monkeypatch, capsys):
    script = str(REPOSITORY / 'tools' / tool)
    monkeypatch.setattr(sys, 'argv', [script, '--help'])
    monkeypatch.syspath_prepend(str(Path(script).parent))
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(script, run_name='__main__')
    assert exit_.value.code == 0
    assert 'usage:' in capsys.readouterr().out


@pytest.mark.parametrize(
    'tool', ['install.sh', 'quickstart.sh', 'run_tests.sh', 'dist_train.sh',
             'slurm_train.sh', 'dev/gpu_report.sh'])
def test_shell_tools_are_valid_and_have_help(tool):
    subprocess.run(['bash', '-n', REPOSITORY / 'tools' / tool], check=True)
    result = subprocess.run(['bash', REPOSITORY / 'tools' / tool, '--help'],
                            stdout=subprocess.PIPE, text=True, check=True)
    assert 'usage' in result.stdout.lower()


@pytest.mark.parametrize('tool, arguments, wanted', [
    ('dist_train.sh', ['a.py', '4', '--resume'],
     ['--nproc_per_node=4', '--nnodes=1', 'train.py a.py --launcher pytorch '
      '--resume']),
    ('slurm_train.sh', ['gpu', 'a.py', '--resume'],
     ['--partition=gpu', '--ntasks=2', '--gres=gpu:2',
      'train.py a.py --launcher slurm --resume'])])
def test_launchers_pass_on_what_they_get(tool, arguments, wanted, tmp_path):
    for name in ('python', 'srun'):
        (tmp_path / name).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / name).chmod(0o755)
    path = f'{tmp_path}:{os.environ["PATH"]}'
    printed = subprocess.run(
        ['bash', REPOSITORY / 'tools' / tool, *arguments], check=True,
        stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, PATH=path, GPUS='2', PYTHON='python')).stdout
    for part in wanted:
        assert part in printed
    assert subprocess.run(['bash', REPOSITORY / 'tools' / tool],
                          stdout=subprocess.PIPE).returncode == 1


def test_installer_names_a_wrong_stack():
    result = subprocess.run(
        ['bash', REPOSITORY / 'tools/install.sh'],
        env=dict(os.environ, STACK='newest'),
        stderr=subprocess.PIPE, text=True)
    assert result.returncode != 0
    assert 'STACK=newest is not a stack' in result.stderr


def test_wrong_number_of_pictures_is_explained(tmp_path, run_tool):
    with pytest.raises(SystemExit, match='train must be at least 1'):
        run_tool('misc/make_synthetic_pairs', tmp_path, '--train', '0')


def test_fit_palette(run_tool, pairs_root, tmp_path):
    """SF-TL54's two copies give the palette that decodes one of them."""
    samples = trees.load_samples(pairs_root)
    trees.write_sftl54(tmp_path, samples)
    out = tmp_path / 'palette.png'
    run_tool('misc/fit_palette', tmp_path / 'gray/train/images',
             tmp_path / 'iron/train/images', out)
    assert cv2.imread(str(out)).shape == (1, 256, 3)
    run_tool('dataset_converters/sftl542coco', tmp_path, '--palette', 'iron',
             '--jobs', 1)
    coco = json.loads((tmp_path / 'annotations/train.json').read_text())
    image = dict(coco['images'][0], palette=str(out))
    image['img_path'] = str(tmp_path / image['file_name'])
    found = LoadThermalImage(channels=1)(image)['img']
    assert np.abs(found.astype(int) - samples[0].thermal).mean() < 2
    with pytest.raises(SystemExit, match='cannot be decoded'):
        run_tool('misc/fit_palette', tmp_path / 'gray', tmp_path / 'iron', out)


def test_draws_the_shipped_models(run_tool, tmp_path):
    run_tool('dev/draw_shipped_model', '--out', tmp_path / 'shipped.png',
             '--people', 2)
    picture = cv2.imread(str(tmp_path / 'shipped.png'))
    assert picture.shape == (220, 5 * 220, 3)
    assert (np.ptp(picture[:, :220], axis=-1) > 60).any()  # coloured lines
    assert not picture[:, 220:].any()


def test_pictures_of_the_effects(run_tool, tmp_path):
    run_tool('dev/draw_thermal_effects', tmp_path / 'effects.png')
    assert cv2.imread(str(tmp_path / 'effects.png')).shape[1] > 1000


@pytest.mark.parametrize('options', [
    [], ['--faces', 3, '--style', 'tfw'],
    ['--sequence', '--unaligned', '--condition', 'cold']])
def test_preview_of_synthetic_data(run_tool, tmp_path, options):
    run_tool('misc/make_synthetic_pairs', tmp_path / 'unused', '--preview',
             tmp_path / 'sheet.png', '--size', 64, *options)
    picture = cv2.imread(str(tmp_path / 'sheet.png'))
    assert picture.shape == (6 * 68 + 4, 8 * 68 + 4, 3)
    assert np.unique(picture).size > 200
    assert not (tmp_path / 'unused').exists()
