"""A run that is killed at any moment goes on to the end it would have had."""
import itertools
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


def dies_before(operation):
    """Kills this process when it is about to do that.

    Args:
        operation (int | str): The number of the file operation, or the start of
            its name and file.
    """
    number = 0

    def watched(name, function):
        def call(*args, **kwargs):
            nonlocal number
            number += 1
            if number == operation or isinstance(operation, str) and \
                    f'{name} {Path(str(args[-1])).name}'.startswith(operation):
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)
        return call

    for name in ('fsync', 'replace', 'remove'):
        setattr(os, name, watched(name, getattr(os, name)))


def train(config, operation):
    """In a forked process: the imports are done."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    dies_before(operation)
    new_runner(config).train()
    os._exit(0)


@pytest.fixture
def config(validated_config):
    fields = validated_config.to_dict()
    fields['train_cfg']['max_epochs'] = EPOCHS
    fields['default_hooks']['checkpoint']['max_keep_ckpts'] = 1
    return Config(dict(fields, resume=True))


def killed(config, before):
    """Whether it was killed at that operation, not at its end."""
    process = multiprocessing.get_context('fork').Process(
        target=train, args=(config, before))
    process.start()
    process.join(600)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def ended(process, seconds):
    """Whether it ended by itself; killed if not."""
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


def assert_equals(work_dir, whole):
    assert newest(work_dir) == EPOCHS
    found, expected = results(work_dir), results(whole)
    assert found.keys() == expected.keys()
    for name, weights in expected.items():
        for key, value in weights.items():
            assert torch.equal(found[name][key], value), (name, key)
    assert not list(Path(work_dir).glob('*.part'))


def uninterrupted(config, tmp_path):
    """The folder of a run that nothing interrupted."""
    folder = tmp_path / 'whole'
    assert not killed(Config(dict(config.to_dict(), work_dir=str(folder))), None)
    return folder


def test_killed_runs_end_as_if_never_killed(config, tmp_path):
    whole, newest_before = uninterrupted(config, tmp_path), 0
    for operation in ('replace epoch_1', 'replace last_checkpoint', 'replace best_NME',
                      'replace student_best.pth', 'remove epoch', 'remove best_NME'):
        assert killed(config, operation), operation
        assert newest(config.work_dir) >= newest_before, 'work was lost'
        newest_before = newest(config.work_dir)
    assert not killed(config, None)
    assert_equals(config.work_dir, whole)


@pytest.mark.long
@pytest.mark.parametrize('interval', [1, 2])
def test_no_moment_is_a_bad_one(config, interval, tmp_path):
    """Killed once, before any operation; the second try runs to the end."""
    config.default_hooks.checkpoint.interval = interval
    whole = uninterrupted(config, tmp_path)
    for number in itertools.count(1):
        one = Config(dict(config.to_dict(), work_dir=str(tmp_path / str(number))))
        if not killed(one, number):
            break
        assert not killed(one, None)
        assert_equals(one.work_dir, whole)
    assert number > 30


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
    assert ended(Tool(whole), 600)
    whole_s, chance, before = time.monotonic() - started, random.Random(0), 0
    for _ in range(20):
        ended(Tool(config), chance.uniform(0, whole_s))
        assert newest(config.work_dir) >= before, 'work was lost'
        before = newest(config.work_dir)
    ended(Tool(config), 600)
    assert_equals(config.work_dir, tmp_path / 'whole')
