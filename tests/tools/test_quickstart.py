"""The main job with tiny settings, interrupted once."""
import csv
import os
import signal
import subprocess
import sys
import time

import cv2
import pytest
from conftest import REPOSITORY

from mmpose_thermal.apis import ThermalLandmarker

# Minutes; CI runs it.
pytestmark = pytest.mark.long


@pytest.fixture(scope='module')
def quickstart(tmp_path_factory):
    root = tmp_path_factory.mktemp('quickstart')
    command = [
        sys.executable, 'tools/quickstart.py', '--smoke', '--work-dir',
        str(root / 'work'), '--data-root', str(root / 'data')
    ]

    def start():
        # Background jobs are born deaf to Ctrl-C.
        return subprocess.Popen(command, cwd=REPOSITORY, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                preexec_fn=lambda: signal.signal(
                                    signal.SIGINT, signal.default_int_handler))

    start.work_dir = root / 'work'
    return start


@pytest.fixture(scope='module')
def interrupted(quickstart):
    """Started, and interrupted in the middle of the second training."""
    process = quickstart()
    deadline = time.time() + 180
    for line in process.stdout:
        assert time.time() < deadline
        if line.startswith('[2/5]'):
            break
    time.sleep(8)
    os.kill(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)[0], process.returncode


@pytest.fixture(scope='module')
def finished(quickstart, interrupted):
    process = quickstart()
    output = process.communicate(timeout=400)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def test_an_interruption_is_confirmed(interrupted):
    output, returncode = interrupted
    assert returncode == 130, output[-3000:]
    assert 'Interrupted; start it again' in output


def test_finished_trainings_are_not_repeated(finished):
    assert '[1/5] teacher/seed0: done before' in finished
    assert finished.count('done before') == 1


def test_table_and_picture_are_made(quickstart, finished):
    with open(quickstart.work_dir / 'results.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    for row in rows:
        for column in ('params (M)', 'GFLOPs', 'PyTorch (ms)', 'NME (%)'):
            assert float(row[column]) > 0
    teacher, plain, ktl, plain_light, mcl = (float(row['params (M)']) for row in rows)
    assert plain == ktl > mcl == plain_light
    table = (quickstart.work_dir / 'README.md').read_text()
    assert 'SMOKE RUN' in table and 'SYNTHETIC' in table and table in finished
    picture = cv2.imread(str(quickstart.work_dir / 'test_faces.png'))
    assert picture.shape[1] > 6 * 200


def test_the_light_student_is_exported(quickstart, finished):
    landmarker = ThermalLandmarker(str(quickstart.work_dir / 'light.onnx'), 'onnx')
    image = cv2.imread(str(next(
        (quickstart.work_dir.parent / 'data').rglob('thermal/test/*.png'))))
    face, = landmarker(image, [[20, 20, image.shape[1] - 20, image.shape[0] - 20]])
    assert face.keypoints.shape == (68, 2)
