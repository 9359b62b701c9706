"""A run that is killed at any moment goes on to the end it would have had."""
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import REPOSITORY, new_runner
from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

EPOCHS = 5


def slow_disk(seconds):
    """So that many kills fall into the writing of a file."""
    fsync = os.fsync

    def slow(descriptor):
        time.sleep(seconds)
        fsync(descriptor)
        time.sleep(seconds)

    os.fsync = slow


def train(config):
    """In a forked process: the imports are done."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    slow_disk(.05)
    new_runner(config).train()
    os._exit(0)


@pytest.fixture
def config(validated_config):
    fields = validated_config.to_dict()
    fields['train_cfg']['max_epochs'] = EPOCHS
    fields['default_hooks']['checkpoint']['max_keep_ckpts'] = 1
    return Config(dict(fields, resume=True))


def forked(config):
    process = multiprocessing.get_context('fork').Process(
        target=train, args=(config, ))
    process.start()
    return process


def killed_after(start, seconds):
    """Whether it had ended by itself."""
    process = start()
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


def newest(work_dir):
    """The epoch of the checkpoint that a resumed run begins with."""
    path = find_latest_checkpoint(str(work_dir))
    if path is None:
        assert not list(Path(work_dir).glob('epoch_2.pth'))
        return 0
    content = torch.load(path, weights_only=False)
    assert set(content) >= {'state_dict', 'optimizer', 'message_hub'}
    return content['meta']['epoch']


def results(work_dir):
    """Weights by file; what is named in the logs is no result."""
    return {
        path.name: torch.load(path, weights_only=False)['state_dict']
        for path in Path(work_dir).glob('*.pth')
    }


def kill_and_compare(config, tmp_path, start, whole_s, kills, seed):
    chance = random.Random(seed)
    work_dir, before, ended = config.work_dir, 0, 0
    for _ in range(kills):
        ended += killed_after(lambda: start(config),
                              chance.uniform(0, whole_s))
        now = newest(work_dir)
        assert now >= before, 'work was lost'
        before = now
    killed_after(lambda: start(config), 600)
    assert newest(work_dir) == EPOCHS
    found, expected = results(work_dir), results(tmp_path / 'whole')
    assert found.keys() == expected.keys()
    for name, weights in expected.items():
        for key, value in weights.items():
            assert torch.equal(found[name][key], value), (name, key)
    assert not list(Path(work_dir).glob('*.part'))
    return ended


@pytest.mark.parametrize('seed', [
    0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))])
def test_killed_runs_end_as_if_never_killed(config, tmp_path, seed):
    whole = Config(dict(config.to_dict(), work_dir=str(tmp_path / 'whole')))
    started = time.monotonic()
    assert killed_after(lambda: forked(whole), 600)
    kill_and_compare(config, tmp_path, forked, time.monotonic() - started,
                     kills=6, seed=seed)


class Tool:
    """`tools/train.py CONFIG --resume` as a process of its own."""

    def __init__(self, config):
        path = Path(config.work_dir + '.py')
        Config(dict(config.to_dict(), resume=False)).dump(path)
        self.process = subprocess.Popen(
            [sys.executable, 'tools/train.py', str(path), '--resume'],
            cwd=REPOSITORY, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def join(self, seconds=None):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def kill(self):
        self.process.kill()

    @property
    def exitcode(self):
        return self.process.returncode


@pytest.mark.long
def test_twenty_kills_of_the_training_tool(config, tmp_path):
    whole = Config(dict(config.to_dict(), work_dir=str(tmp_path / 'whole')))
    started = time.monotonic()
    assert killed_after(lambda: Tool(whole), 600)
    kill_and_compare(config, tmp_path, Tool, time.monotonic() - started,
                     kills=20, seed=0)
