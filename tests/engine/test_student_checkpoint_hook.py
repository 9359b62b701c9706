"""Checkpoints of a real run: what they hold, and that the run resumes."""
import copy

import pytest
import torch
from conftest import estimator, new_runner
from mmengine.runner import load_checkpoint
from mmpose.registry import MODELS


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
    resumed = new_runner(config)
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
    resumed = new_runner(config)
    resumed.train()
    state = finished_run.model.state_dict()
    for key, value in resumed.model.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert resumed.epoch == 2


def test_hook_refuses_another_model(run_config):
    config = copy.deepcopy(run_config)
    config.model = estimator(8)
    runner = new_runner(config)
    with pytest.raises(TypeError, match='for CrossModalDistiller'):
        runner.train()
