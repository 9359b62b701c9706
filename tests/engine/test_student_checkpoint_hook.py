"""Checkpoints of a real run: what they hold, and that the run resumes."""
import copy

import pytest
import torch
from conftest import COLOUR, GREY, estimator
from mmengine.config import Config
from mmengine.runner import Runner, load_checkpoint
from mmpose.registry import MODELS


@pytest.fixture
def run_config(pairs_root, tmp_path, save_teacher):
    """A KTL run of two epochs on the tiny data set, without randomness."""
    teacher = estimator(normalisation=COLOUR)
    codec = dict(
        type='MSRAHeatmap',
        input_size=(64, 64),
        heatmap_size=(16, 16),
        sigma=1.5)
    pipeline = [
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPairInputs'),
    ]
    return Config(
        dict(
            default_scope='mmpose',
            custom_imports=dict(
                imports=['mmpose_thermal'], allow_failed_imports=False),
            work_dir=str(tmp_path / 'run'),
            model=dict(
                type='CrossModalDistiller',
                teacher=dict(
                    config=teacher, checkpoint=save_teacher(teacher)),
                student=dict(config=estimator(8)),
                distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
                decay=dict(type='linear'),
                data_preprocessor=dict(
                    type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR)),
            train_dataloader=dict(
                batch_size=3,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(
                    type='ThermalFaceDataset',
                    data_root=str(pairs_root),
                    ann_file='annotations/train.json',
                    with_rgb=True,
                    pipeline=pipeline)),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)),
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', interval=1),
                student=dict(type='StudentCheckpointHook')),
            randomness=dict(seed=0, deterministic=True),
            log_level='WARNING'))


@pytest.fixture
def finished_run(run_config):
    runner = Runner.from_cfg(copy.deepcopy(run_config))
    runner.train()
    return runner


def load(path):
    return torch.load(path, map_location='cpu', weights_only=False)


def test_checkpoint_is_the_stock_students(finished_run):
    checkpoint = load(f'{finished_run.work_dir}/epoch_2.pth')
    stock = MODELS.build(estimator(8))
    assert set(checkpoint['state_dict']) == set(stock.state_dict())
    result = load_checkpoint(
        stock, f'{finished_run.work_dir}/epoch_2.pth', strict=True)
    assert result is not None
    student = finished_run.model.student.state_dict()
    for key, value in stock.state_dict().items():
        assert torch.equal(value, student[key]), key


def test_checkpoint_holds_nothing_of_the_teacher(finished_run):
    checkpoint = load(f'{finished_run.work_dir}/epoch_2.pth')
    rest = checkpoint['distiller_state_dict']
    assert rest and all(
        key.startswith('distill_losses.loss_dikd.to_') for key in rest)
    student, connectors = (sum(p.numel() for p in module.parameters())
                           for module in (finished_run.model.student,
                                          finished_run.model.distill_losses))
    moments = checkpoint['optimizer']['state']
    assert sum(m['exp_avg'].numel()
               for m in moments.values()) == student + connectors


def test_resumed_run_ends_where_an_uninterrupted_one_does(
        finished_run, run_config, tmp_path):
    whole = {
        key: value.clone()
        for key, value in finished_run.model.state_dict().items()
    }
    # The same run, killed after the first epoch's checkpoint.
    config = copy.deepcopy(run_config)
    config.work_dir = str(tmp_path / 'resumed')
    config.load_from = f'{finished_run.work_dir}/epoch_1.pth'
    config.resume = True
    resumed = Runner.from_cfg(config)
    resumed.train()
    assert resumed.iter == finished_run.iter
    state = resumed.model.state_dict()
    assert set(state) == set(whole)
    connectors = [key for key in state if key.startswith('distill_losses')]
    assert connectors
    for key in state:
        assert torch.equal(state[key], whole[key]), key


def test_resume_restores_every_weight(finished_run, run_config, tmp_path):
    config = copy.deepcopy(run_config)
    config.work_dir = str(tmp_path / 'resumed')
    config.load_from = f'{finished_run.work_dir}/epoch_2.pth'
    config.resume = True  # two of two epochs are done: nothing left to train
    resumed = Runner.from_cfg(config)
    resumed.train()
    state = finished_run.model.state_dict()
    for key, value in resumed.model.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert resumed.epoch == 2


def test_hook_refuses_another_model(run_config):
    config = copy.deepcopy(run_config)
    config.model = estimator(8)
    runner = Runner.from_cfg(config)
    with pytest.raises(TypeError, match='for CrossModalDistiller'):
        runner.train()
