"""The wheel alone finds landmarks: no repository, no PyTorch, no download."""
import json
import shutil
import subprocess
import sys
import zipfile

import cv2
import numpy as np
import pytest
from bare_environment import create_bare_environment, run_isolated
from conftest import REPOSITORY

from mmpose_thermal.synthetic import SyntheticSpec, pictures_of
from mmpose_thermal.weights import shipped_models


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Built from the source distribution, which must therefore be complete."""
    folder = tmp_path_factory.mktemp('build')
    source = folder / 'source'
    ignored = shutil.ignore_patterns('__pycache__')
    for name in ('mmpose_thermal', 'configs', 'tests'):
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    for name in ('setup.py', 'MANIFEST.in', 'README.md', 'LICENSE'):
        shutil.copy(REPOSITORY / name, source)
    (source / 'data').mkdir()
    (source / 'data/face.png').write_bytes(b'')
    run = dict(check=True, capture_output=True, cwd=source)
    subprocess.run([sys.executable, 'setup.py', 'sdist'], **run)
    archive, = (source / 'dist').iterdir()
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', '--no-deps',
                    '--no-build-isolation', '--no-index', '-w', folder,
                    archive], **run)
    return next(folder.glob('*.whl'))


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory):
    """The folder of programs of an environment with the wheel."""
    folder = tmp_path_factory.mktemp('installed')
    create_bare_environment(folder)
    subprocess.run([sys.executable, '-m', 'pip', '--python',
                    folder / 'bin/python', 'install', '--no-deps',
                    '--no-index', wheel], check=True, capture_output=True)
    return folder / 'bin'


@pytest.fixture
def face():
    return next(pictures_of(SyntheticSpec(size=256), 'test', 600_000, 1))


def test_it_holds_the_models_and_no_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name.rpartition('/')[2]: name for name in names
               if name.startswith('mmpose_thermal/weights/')}
    for model in shipped_models():
        assert {f'{model}.onnx', f'{model}.onnx.json', f'{model}.pth',
                f'{model}.md'} <= set(shipped)
    assert not [name for name in names
                if not name.startswith('mmpose_thermal')]
    assert not [name for name in names if name.endswith('.png')]


def test_models_are_small(wheel):
    for entry in zipfile.ZipFile(wheel).infolist():
        assert entry.file_size < 3e6, entry.filename


def test_one_command_makes_a_picture(installed, face, tmp_path):
    assert run_isolated(installed / 'python', '-I', '-c',
                        'import torch').returncode != 0
    cv2.imwrite(str(tmp_path / 'face.png'), face.thermal)
    ended = run_isolated(installed / 'mmpose-thermal', 'predict', 'face.png',
                         cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert '1 frames, 1 faces, 0 problems' in ended.stdout
    out = tmp_path / 'work_dirs/predict'
    assert cv2.imread(str(out / 'face.png')).shape == (512, 512, 3)


def test_its_landmarks_are_on_the_face(installed, face, tmp_path):
    truth = np.reshape(face.faces[0]['keypoints'], (-1, 3))[:, :2]
    box = np.concatenate([truth.min(0), truth.max(0)])
    cv2.imwrite(str(tmp_path / 'face.png'), face.thermal)
    ended = run_isolated(
        installed / 'mmpose-thermal', 'predict', '--box',
        ','.join(map(str, box)), '--out-dir', 'out', 'face.png', cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found, = json.loads((tmp_path / 'out/results.jsonl').read_text())['faces']
    errors = np.linalg.norm(np.subtract(found['keypoints'], truth), axis=1)
    eyes_apart = np.linalg.norm(truth[45] - truth[36])
    assert errors.mean() < .1 * eyes_apart
    assert np.mean(errors <= found['uncertainty_px']) > .4
