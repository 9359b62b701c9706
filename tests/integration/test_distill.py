"""`mmpose-thermal distill` with its real trainings, interrupted once."""
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import REPOSITORY

from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs

pytestmark = pytest.mark.long


@pytest.fixture(scope='module')
def ann_file(tmp_path_factory):
    return make_synthetic_pairs(
        str(tmp_path_factory.mktemp('pairs')),
        SyntheticSpec(train=12, val=1, test=1, extra=0, per_subject=1,
                      size=128))['train']


@pytest.fixture(scope='module')
def start(ann_file, tmp_path_factory):
    """Starts the command; it is in a folder of its own."""

    def start():
        return subprocess.Popen(
            [sys.executable, '-m', 'mmpose_thermal.cli', 'distill', ann_file,
             '--levels', 'both', '--rendered', '16', '--epochs', '8', '--work-dir',
             str(start.work_dir)],
            cwd=REPOSITORY, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    start.work_dir = tmp_path_factory.mktemp('work')
    return start


@pytest.fixture(scope='module')
def interrupted(start):
    """Ended by a scheduler in the second or third epoch of level 2."""
    process = start()
    deadline = time.time() + 300
    for line in process.stdout:
        assert time.time() < deadline
        if 'loss_dikd' in line and '[2]' in line:
            break
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=60)[0], process.returncode


@pytest.fixture(scope='module')
def finished(start, interrupted):
    process = start()
    output = process.communicate(timeout=600)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def test_an_interruption_says_how_to_go_on(interrupted):
    output, status = interrupted
    assert 'Run the same command to continue' in output and status == 130


def test_the_rest_is_done_and_the_training_continued(finished, start):
    assert '[1/5] label: done before' in finished
    assert '[2/5] data: done before' in finished
    assert 'large/seed0: done before' in finished
    assert 'Epoch(train) [1]' not in finished.replace('  ', ' ')
    assert 'Epoch(train) [8]' in finished.replace('  ', ' ')
    assert (start.work_dir / 'report/README.md').read_text() in finished


def test_the_model_predicts_in_another_process(finished, start, ann_file):
    with open(ann_file) as file:
        image = json.load(file)['images'][0]['file_name']
    root = os.path.dirname(os.path.dirname(ann_file))
    out = start.work_dir / 'predicted'
    subprocess.run(
        [sys.executable, '-m', 'mmpose_thermal.cli', 'predict', '--model',
         str(start.work_dir / 'model/landmarks.onnx'), '--detector',
         'face_detector', '--out-dir', str(out), os.path.join(root, image)],
        cwd=REPOSITORY, check=True)
    assert list(out.iterdir())
