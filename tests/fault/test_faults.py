"""What goes wrong during a training is named, and costs no more than it must.
"""
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import REPOSITORY, new_runner
from mmcv.transforms import BaseTransform
from mmengine.hooks import Hook
from mmpose.registry import MODELS, TRANSFORMS

from mmpose_thermal.engine.storage import AtomicLocalBackend
from mmpose_thermal.models.losses import DistillLoss


def run(config, *hooks):
    runner = new_runner(config)
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    return runner


def load(path):
    return torch.load(path, weights_only=False)


# -------------------------------------------------------------------- storage
def _train_with_small_files(config, errors):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, 10**5))
    try:
        new_runner(config).train()
    except OSError as error:
        errors.put(str(error))
        errors.close()
        errors.join_thread()
        os._exit(1)
    os._exit(0)


def test_a_full_disk_leaves_the_last_checkpoint(run_config):
    """The system refuses to write on, as it does when the disk is full."""
    run_config.train_cfg.max_epochs = 1
    first = run(run_config)
    before = load(f'{first.work_dir}/epoch_1.pth')['state_dict']
    run_config.train_cfg.max_epochs = 2
    run_config.resume = True
    context = multiprocessing.get_context('fork')
    errors = context.Queue()
    process = context.Process(
        target=_train_with_small_files, args=(run_config, errors))
    process.start()
    message = errors.get(timeout=60)
    process.join()
    assert process.exitcode == 1
    assert 'epoch_2.pth' in message and '--resume' in message
    folder = Path(first.work_dir)
    assert [p.name for p in folder.glob('epoch_*')] == ['epoch_1.pth']
    assert (folder / 'last_checkpoint').read_text().endswith('epoch_1.pth')
    after = load(folder / 'epoch_1.pth')['state_dict']
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert run(run_config).epoch == 2  # with room again


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    backend = AtomicLocalBackend()
    backend.put(b'old', path)

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', killed)
    with pytest.raises(KeyboardInterrupt):
        backend.put(b'new', path)
    assert path.read_bytes() == b'old'


def test_a_folder_that_cannot_be_written_is_named(run_config):
    run_config.work_dir = '/proc/mmpose_thermal'  # root writes everywhere else
    with pytest.raises(OSError, match='/proc/mmpose_thermal'):
        run(run_config)


@pytest.mark.parametrize('metric', ['NME', ['NME', 'FR@0.08']])
def test_the_best_one_so_far_is_there_until_the_next(validated_config,
                                                     monkeypatch, metric):
    """Metrics that get better each time, and a removal that is watched."""
    checkpoint = validated_config.default_hooks.checkpoint
    checkpoint.update(save_best=metric, max_keep_ckpts=1)
    validated_config.val_evaluator.thresholds = [.08]
    remove, seen = os.remove, []

    def watched(path):
        path = Path(path)
        if path.suffix == '.pth':
            kind = path.stem[:5]
            seen.append((path.name, len(list(path.parent.glob(f'{kind}*')))))
        remove(path)

    monkeypatch.setattr(os, 'remove', watched)
    runner = new_runner(validated_config)

    class Better(Hook):
        priority = 'VERY_HIGH'

        def after_val_epoch(self, runner, metrics=None):
            for key in metrics:
                metrics[key] = -runner.epoch

    runner.register_hook(Better())
    runner.train()
    count = 1 if isinstance(metric, str) else 2
    assert len(seen) == 1 + count
    assert all(there > (count if 'best' in name else 1)
               for name, there in seen)
    left = sorted(p.name for p in Path(runner.work_dir).glob('*_*.pth'))
    assert len(left) == 1 + count + 1  # and student_best.pth
    assert all('2' in name for name in left if 'student' not in name)


# ----------------------------------------------------------------------- data
class Spoil(Hook):
    """Changes an image after the first epoch."""

    def __init__(self, path, content):
        self.path, self.content = Path(path), content

    def after_train_epoch(self, runner):
        if self.content is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_bytes(self.content)


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('content, message', [
    (None, 'does not exist'), (b'', 'cannot be decoded'),
    (b'\x89PNG\r\n\x1a\nhalf a file', 'cannot be decoded')])
def test_an_image_that_goes_bad_is_named(run_config, pairs_root, tmp_path,
                                         workers, content, message):
    root = shutil.copytree(pairs_root, tmp_path / 'pairs')
    dataset = run_config.train_dataloader.dataset
    dataset.data_root = str(root)
    run_config.train_dataloader.num_workers = workers
    path = sorted((root / 'thermal/train').glob('*.png'))[0]
    with pytest.raises((ValueError, FileNotFoundError),
                       match=f'{path.name}.* {message}'):
        run(run_config, Spoil(path, content))
    assert (tmp_path / 'run/epoch_1.pth').is_file()


@TRANSFORMS.register_module()
class KillTheWorker(BaseTransform):

    def transform(self, results):
        if torch.utils.data.get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return results


def test_a_worker_that_dies_ends_the_run(run_config):
    run_config.train_dataloader.num_workers = 1
    run_config.train_dataloader.dataset.pipeline.insert(
        0, dict(type='KillTheWorker'))
    with pytest.raises(RuntimeError, match='DataLoader worker'):
        run(run_config)


# ------------------------------------------------------------------- the loss
@MODELS.register_module()
class BadAtTimes(DistillLoss):
    """NaN at the iterations given."""

    def __init__(self, at):
        super().__init__()
        self.at, self.step = at, -1

    def forward(self, batch):
        self.step += 1
        return batch.student_feature.mean() * (
            float('nan') if self.step in self.at else 0.)


@pytest.fixture
def bad_config(run_config):
    """Two epochs of two iterations, the third of all of which is bad."""
    run_config.model.distill_losses = dict(
        loss_bad=dict(type='BadAtTimes', at=[2]))
    run_config.default_hooks.finite_loss = dict(type='FiniteLossHook')
    return run_config


def test_a_loss_that_is_no_number_ends_the_run(bad_config, tmp_path):
    with pytest.raises(FloatingPointError) as error:
        run(bad_config)
    message = str(error.value)
    assert 'Iteration 3 (epoch 2)' in message and 'loss_bad nan' in message
    assert message.count('.png') == 3 and '--resume' in message
    saved = load(tmp_path / 'run/epoch_1.pth')['state_dict']
    assert all(torch.isfinite(v).all() for v in saved.values())
    assert not (tmp_path / 'run/epoch_2.pth').exists()


def test_bad_batches_are_left_out_if_asked(bad_config, tmp_path):
    bad_config.default_hooks.finite_loss.max_skips = 1
    with pytest.raises(ValueError, match='FiniteOptimWrapper'):
        run(bad_config)
    bad_config.optim_wrapper.type = 'FiniteOptimWrapper'
    weights = []

    class Watch(Hook):

        def after_train_iter(self, runner, **kwargs):
            weights.append(runner.model.student.head.state_dict())
            weights[-1] = {k: v.clone() for k, v in weights[-1].items()
                           if 'running' not in k and 'num' not in k}

    run(bad_config, Watch())
    same = [all(torch.equal(one[key], other[key]) for key in one)
            for one, other in zip(weights, weights[1:])]
    assert same == [False, True, False]
    saved = load(tmp_path / 'run/epoch_2.pth')['state_dict']
    assert all(torch.isfinite(v).all() for v in saved.values())


def test_too_many_bad_batches_end_the_run(bad_config):
    bad_config.default_hooks.finite_loss.max_skips = 1
    bad_config.optim_wrapper.type = 'FiniteOptimWrapper'
    bad_config.model.distill_losses.loss_bad.at = [2, 3]
    with pytest.raises(FloatingPointError, match='Iteration 4'):
        run(bad_config)


def test_spoilt_statistics_end_the_run_in_any_case(bad_config):
    bad_config.default_hooks.finite_loss.max_skips = 9
    bad_config.optim_wrapper.type = 'FiniteOptimWrapper'

    class Spoilt(Hook):

        def before_train_iter(self, runner, **kwargs):
            if runner.iter == 2:
                runner.model.student.backbone.bn1.running_mean[0] = torch.nan

    with pytest.raises(FloatingPointError, match='reached the statistics.*bn1'):
        run(bad_config, Spoilt())


# ------------------------------------------------------------------ processes
def test_a_rank_that_dies_ends_all(run_config, tmp_path):
    run_config.train_dataloader.batch_size = 1
    path = tmp_path / 'config.py'
    run_config.dump(path)
    command = [
        sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node=2',
        '--standalone', str(REPOSITORY / 'tests/fault/one_rank.py'), str(path)
    ]
    # Three iterations an epoch: in the second one.
    ended = subprocess.run([*command, '4'], capture_output=True, text=True,
                           timeout=180)
    assert ended.returncode != 0
    assert 'SIGKILL' in ended.stderr or 'exitcode  : -9' in ended.stderr
    assert load(tmp_path / 'run/epoch_1.pth')['meta']['epoch'] == 1
    assert not (tmp_path / 'run/epoch_2.pth').exists()
