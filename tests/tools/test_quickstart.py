"""The main job with tiny settings, interrupted once."""
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import pytest
from conftest import REPOSITORY

MODELS = {'teacher', 'student', 'ktl', 'light', 'mcl'}


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
        # A session of its own, so that an interrupt reaches the training too,
        # as Ctrl-C in a terminal does; background jobs are born deaf to it.
        return subprocess.Popen(command, cwd=REPOSITORY, text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                start_new_session=True,
                                preexec_fn=lambda: signal.signal(
                                    signal.SIGINT, signal.SIG_DFL))

    start.work_dir = root / 'work'
    return start


@pytest.fixture(scope='module')
def interrupted(quickstart):
    """Started and interrupted in the middle of KTL."""
    process = quickstart()
    deadline = time.time() + 180
    for line in process.stdout:
        assert time.time() < deadline
        if line.startswith('[quickstart] 3/8'):
            break
    time.sleep(8)
    os.killpg(process.pid, signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    return process.returncode, output


@pytest.fixture(scope='module')
def finished(quickstart, interrupted):
    process = quickstart()
    output = process.communicate(timeout=400)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def test_interrupt_ends_it_with_a_message(interrupted):
    returncode, output = interrupted
    assert returncode == 130
    assert 'interrupted' in output


def test_finished_steps_are_not_repeated(finished):
    teacher = finished[finished.index('2/8'):finished.index('3/8')]
    assert 'done before' in teacher
    assert finished.count('done before') == 1


def test_table_and_picture_are_made(quickstart, finished):
    rows = json.loads((quickstart.work_dir / 'results.json').read_text())
    assert set(rows) == MODELS
    for row in rows.values():
        assert row['params_m'] > 0 and row['gflops'] > 0
        assert row['pytorch_ms'] > 0 and row['NME'] > 0
    assert rows['ktl']['params_m'] == rows['student']['params_m']
    assert rows['mcl']['params_m'] < rows['ktl']['params_m']
    table = (quickstart.work_dir / 'results.md').read_text()
    assert table.startswith('SYNTHETIC data, SMOKE RUN')
    assert table in finished
    picture = cv2.imread(str(quickstart.work_dir / 'test_faces.png'))
    assert picture.shape[1] > 6 * 200


def test_light_model_is_exported(quickstart, finished):
    assert (quickstart.work_dir / 'light.onnx').stat().st_size > 100_000
