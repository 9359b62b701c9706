"""Training as usual: seeds, resuming, EMA, and what is left of a run."""
import copy
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import COLOUR, SIMCC, estimator, new_runner, rtmcc
from mmengine.config import Config
from mmengine.config import config as mmengine_config
from mmengine.runner import load_checkpoint
from mmpose.registry import MODELS
from yapf.yapflib import yapf_api

from mmpose_thermal.apis import extract_student, student_config
from mmpose_thermal.engine.config_text import format_configs_once


def train(config, work_dir, **changes):
    config = copy.deepcopy(config)
    config.merge_from_dict(changes)
    runner = new_runner(config, work_dir)
    runner.train()
    return runner


def curve(runner, name='loss'):
    """Every step's value, as it was logged."""
    return runner.message_hub.get_scalar(f'train/{name}')._log_history


def assert_same_weights(first, second):
    first, second = (r.model.state_dict() for r in (first, second))
    assert first.keys() == second.keys()
    for key in first:
        assert torch.equal(first[key], second[key]), key


@pytest.fixture
def long_config(run_config):
    return Config({
        **run_config.to_dict(), 'train_cfg': dict(by_epoch=True, max_epochs=4)
    })


def test_one_seed_gives_one_result_whatever_the_workers(long_config,
                                                        tmp_path):
    first = train(long_config, tmp_path / 'a')
    expected = first.model.state_dict()
    again = train(
        long_config, tmp_path / 'b', **{
            'train_dataloader.num_workers': 2,
            'train_dataloader.persistent_workers': True
        })
    assert_same_weights(first, again)
    other = train(long_config, tmp_path / 'c', **{'randomness.seed': 1})
    assert any(not torch.equal(value, expected[key])
               for key, value in other.model.state_dict().items())


def test_resumed_run_continues_the_very_curve(long_config, tmp_path):
    """Shuffled, augmented, with the teacher built anew from the config."""
    whole = train(long_config, tmp_path / 'whole')
    resumed = train(
        long_config, tmp_path / 'resumed', resume=True,
        load_from=f'{whole.work_dir}/epoch_2.pth')
    assert resumed.iter == whole.iter == 8
    # The logged values, r(t) among them, are restored and continued.
    for name in ('loss', 'loss_kpt', 'loss_dikd', 'distill_decay'):
        assert (curve(resumed, name)[-4:] == curve(whole, name)[-4:]).all()
    assert curve(whole, 'distill_decay') == pytest.approx(
        1 - np.arange(8) / 8)
    assert_same_weights(resumed, whole)


def test_checkpoints_do_not_format_the_config_again(run_config, tmp_path,
                                                    monkeypatch):
    """Which takes seconds if it is long."""
    formatted = []
    monkeypatch.setattr(
        yapf_api, 'FormatCode',
        lambda text, *args, **kwargs: formatted.append(text) or (text, True))
    run_config.default_hooks.checkpoint = dict(
        type='AtomicCheckpointHook', interval=1)
    run_config.title = 'of this test'
    train(run_config, tmp_path / 'a')
    before = len(formatted)
    runner = train(run_config, tmp_path / 'b')
    texts = [text for text in formatted[before:] if 'of this test' in text]
    assert len(texts) <= 2  # whole, and of the student
    runner.cfg.title = 'another one'
    assert 'another one' in runner.cfg.pretty_text


def test_an_interruption_while_a_config_is_formatted_is_one(monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    for module in (yapf_api, mmengine_config):
        monkeypatch.setattr(module, 'FormatCode', interrupted, raising=False)
    format_configs_once()
    with pytest.raises(KeyboardInterrupt):
        Config(dict(formatted='never before')).pretty_text


@pytest.mark.skipif(
    hasattr(mmengine_config, 'FormatCode'),
    reason='this MMEngine imports yapf before anybody can help it')
def test_a_half_written_cache_of_yapf_stops_no_run(tmp_path):
    """As a process beside this one, or one that was killed, leaves it."""
    environment = dict(os.environ, XDG_CACHE_HOME=str(tmp_path))

    def python(code):
        return subprocess.run([sys.executable, '-c', code], env=environment,
                              check=True, stdout=subprocess.PIPE).stdout

    python('import yapf.yapflib.yapf_api')
    tables = list(tmp_path.rglob('*.pickle'))
    assert tables
    for table in tables:
        table.write_bytes(b'')
    assert b'a = 1' in python(
        'from mmengine.config import Config\n'
        'from mmpose_thermal.engine import config_text\n'
        'config_text.format_configs_once()\n'
        'print(Config(dict(a=1)).pretty_text)')
    assert all(table.stat().st_size for table in tables)


@pytest.mark.parametrize(
    'how', ['by iterations', 'repeated', 'by a ratio', 'by sources'])
def test_repeated_samples_are_augmented_anew(run_config, tmp_path, how):
    """Where a sample may come twice under one seed, it is not fixed."""
    if how == 'by iterations':
        run_config.train_cfg = dict(by_epoch=False, max_iters=2)
        run_config.default_hooks.checkpoint.by_epoch = False
    elif how.startswith('by '):
        run_config.train_dataloader.dataset = dict(
            type='CombinedFaceDataset',
            metainfo=dict(from_file='configs/_base_/datasets/ibug68.py'),
            datasets=[dict(run_config.train_dataloader.dataset)],
            sample_ratio_factor=[2.] if how == 'by a ratio' else None)
        if how == 'by sources':
            run_config.train_dataloader.sampler = dict(
                type='MultiSourceSampler', batch_size=2, source_ratio=[1])
    else:
        run_config.train_dataloader.dataset = dict(
            type='mmengine.RepeatDataset',
            times=2,
            dataset=run_config.train_dataloader.dataset)
    runner = train(run_config, tmp_path / 'run')
    dataset = runner.train_dataloader.dataset
    dataset = getattr(dataset, 'dataset', dataset)
    dataset = getattr(dataset, 'datasets', [dataset])[0]
    scales = {
        dataset[0]['data_samples'].metainfo['input_scale'].tobytes()
        for _ in range(5)
    }
    assert len(scales) > 1


def test_every_named_loss_is_logged_with_its_factor(run_config, tmp_path):
    losses = dict(
        loss_dikd=dict(type='DIKDLoss'),
        loss_ld=dict(
            type='LogitDistillLoss', decay=dict(type='constant', begin=.5)))
    run_config.model.distill_losses = losses
    runner = train(run_config, tmp_path / 'run', **{
        'default_hooks.logger': dict(type='LoggerHook', interval=1),
        'log_level': 'INFO'
    })
    with open(f'{runner._log_dir}/vis_data/{runner.timestamp}.json') as file:
        lines = [json.loads(line) for line in file]
    assert len(lines) == 4
    for line in lines:
        assert line['loss'] == pytest.approx(
            line['loss_kpt'] + line['loss_dikd'] + line['loss_ld'], rel=1e-3)
        assert line['distill_decay_ld'] == .5
    assert [line['distill_decay'] for line in lines
            ] == pytest.approx([1, .75, .5, .25])


def test_rtmpose_heads_train_end_to_end(run_config, save_teacher, tmp_path):
    teacher = rtmcc(16, COLOUR)
    run_config.model.teacher = dict(
        config=teacher, checkpoint=save_teacher(teacher))
    run_config.model.student = dict(config=rtmcc(8))
    for transform in run_config.train_dataloader.dataset.pipeline:
        if transform['type'] == 'GenerateTarget':
            transform['encoder'] = dict(SIMCC)
    runner = train(run_config, tmp_path / 'run')
    assert np.isfinite(curve(runner, 'loss_dikd')).all()
    stock = MODELS.build(rtmcc(8))
    load_checkpoint(stock, f'{runner.work_dir}/epoch_2.pth', strict=True)


# ------------------------------------------------------------------------ EMA
@pytest.fixture
def ema_run(long_config, tmp_path):
    long_config.custom_hooks = [
        dict(type='EMAHook', momentum=.2, update_buffers=True)
    ]
    return long_config, train(long_config, tmp_path / 'whole')


def load(path):
    return torch.load(path, map_location='cpu', weights_only=False)


def test_averaged_student_is_what_is_saved(ema_run):
    _, runner = ema_run
    checkpoint = load(f'{runner.work_dir}/epoch_4.pth')
    averaged = next(hook for hook in runner.hooks
                    if hasattr(hook, 'ema_model')).ema_model.module
    expected = averaged.student.state_dict()
    assert checkpoint['state_dict'].keys() == expected.keys()
    plain = runner.model.student.state_dict()
    for key, value in checkpoint['state_dict'].items():
        assert torch.equal(value, expected[key]), key
    assert any(not torch.equal(value, plain[key])
               for key, value in checkpoint['state_dict'].items())


def test_averaging_leaves_the_teacher_out(ema_run):
    _, runner = ema_run
    averaged = next(hook for hook in runner.hooks
                    if hasattr(hook, 'ema_model')).ema_model.module
    assert averaged.teacher is runner.model.teacher
    trained = sum(p.numel() for p in runner.model.parameters())
    state = load(f'{runner.work_dir}/epoch_4.pth')['ema_state_dict']
    names = {name for name, _ in runner.model.named_parameters()}
    assert sum(value.numel() for key, value in state.items()
               if key.replace('module.', '', 1) in names) == trained
    assert len(state) == len(runner.model.state_dict()) + 1  # steps


def test_resumed_run_averages_on(ema_run, tmp_path):
    config, whole = ema_run
    resumed = train(
        config, tmp_path / 'resumed', resume=True,
        load_from=f'{whole.work_dir}/epoch_2.pth')
    assert_same_weights(resumed, whole)
    first, second = (load(f'{run.work_dir}/epoch_4.pth')['state_dict']
                     for run in (resumed, whole))
    for key in first:
        assert torch.equal(first[key], second[key]), key


# ------------------------------------------------------------- student export
@pytest.fixture
def validated_run(validated_config, tmp_path):
    return validated_config, train(validated_config, tmp_path / 'run')


def test_best_student_is_exported_with_its_stock_config(validated_run):
    _, runner = validated_run
    best = load(runner.message_hub.get_info('best_ckpt'))['state_dict']
    exported = load(f'{runner.work_dir}/student_best.pth')
    assert set(exported) == {'meta', 'state_dict'}  # nothing of training
    config = Config.fromfile(f'{runner.work_dir}/student_best.py')
    stock = MODELS.build(config.model)
    assert type(stock).__name__ == 'TopdownPoseEstimator'
    load_checkpoint(
        stock, f'{runner.work_dir}/student_best.pth', strict=True)
    for key, value in stock.state_dict().items():
        assert torch.equal(value, best[key]), key
    assert 'train_dataloader' not in config
    assert 'StudentCheckpointHook' not in config.pretty_text


def test_exported_student_tests_alone(validated_run, tmp_path):
    _, runner = validated_run
    config = Config.fromfile(f'{runner.work_dir}/student_best.py')
    config.load_from = f'{runner.work_dir}/student_best.pth'
    metrics = new_runner(config, tmp_path / 'test').test()
    best = runner.message_hub.get_scalar('val/NME')._log_history.min()
    assert metrics['NME'] == pytest.approx(best, rel=1e-5)


def test_an_export_that_was_missed_is_made_up_for(validated_run):
    """A run killed in the last export has nothing left to train."""
    config, runner = validated_run
    path = f'{runner.work_dir}/student_best.pth'
    expected = load(path)['state_dict']
    os.remove(path)
    config = Config(dict(config.to_dict(), resume=True,
                         work_dir=runner.work_dir))
    again = new_runner(config)
    again.train()
    found = load(path)['state_dict']
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_run_without_a_best_checkpoint_says_so(run_config, tmp_path,
                                               monkeypatch):
    lines = []
    monkeypatch.setattr('mmengine.logging.MMLogger.warning',
                        lambda self, message, *a: lines.append(message))
    runner = train(run_config, tmp_path / 'run')
    assert any('no student_best.pth' in str(line) for line in lines)
    assert not (tmp_path / 'run/student_best.pth').exists()
    assert runner.epoch == 2


def test_student_config_of_a_plain_model_keeps_the_model(run_config):
    plain = Config(dict(run_config.to_dict(), model=estimator(8)))
    assert student_config(plain).model == plain.model


@pytest.mark.parametrize('prefix, given', [
    ('architecture.', None), ('student.', None), ('my.net.', 'my.net.')])
def test_student_is_found_in_checkpoints_of_others(
        run_config, save_teacher, tmp_path, prefix, given):
    own = load(save_teacher(estimator(8)))['state_dict']
    path, out = str(tmp_path / 'other.pth'), tmp_path / 'out/student.pth'
    other = {'teacher.' + key: value + 1 for key, value in own.items()}
    torch.save(
        dict(
            state_dict={
                **other,
                **{prefix + key: value for key, value in own.items()}
            }), path)
    extract_student(run_config, path, str(out), given)
    found = load(out)['state_dict']
    assert all(torch.equal(found[key], own[key]) for key in own)
    assert (tmp_path / 'out/student.py').is_file()


def test_checkpoint_of_another_network_is_refused(run_config, save_teacher,
                                                  tmp_path):
    path = save_teacher(estimator(16))
    with pytest.raises(ValueError, match='does not hold the student'):
        extract_student(run_config, path, str(tmp_path / 'out.pth'))
    assert not (tmp_path / 'out.pth').exists()


def test_bfloat16_and_channels_last_train_alike(long_config, tmp_path):
    plain = train(long_config, tmp_path / 'plain')
    fast = train(
        long_config, tmp_path / 'fast', **{
            'optim_wrapper.type': 'Bfloat16OptimWrapper',
            'custom_hooks': [dict(type='ChannelsLastHook')]
        })
    dtypes = {parameter.dtype for parameter in fast.model.parameters()}
    assert dtypes == {torch.float32}
    filters = [p for p in fast.model.student.parameters()
               if p.dim() == 4 and min(p.shape[1:]) > 1]
    assert all(p.is_contiguous(memory_format=torch.channels_last)
               for p in filters)
    rounded, exact = curve(fast), curve(plain)
    assert rounded != pytest.approx(exact, rel=1e-6, abs=0)
    assert rounded == pytest.approx(exact, rel=.05)
