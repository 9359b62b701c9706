"""Checkpoints are read without running what may be in them."""
import os
import pickle

import pytest
import torch
from conftest import estimator, new_runner
from mmengine.config import Config

from mmpose_thermal.checkpoints import load_checkpoint
from mmpose_thermal.models.distillers.loading import load_network


class Program:
    """What unpickling would run."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def evil(tmp_path):
    """A checkpoint that would write a file."""
    path, trace = tmp_path / 'evil.pth', tmp_path / 'it_ran'
    weights = {'a': torch.ones(2)}
    torch.save(
        dict(state_dict=weights,
             meta=Program(os.system, f'touch {trace}')), path)
    yield str(path)
    assert not trace.exists()


def test_programs_are_refused_with_the_remedy(evil):
    with pytest.raises(ValueError, match='evil.pth holds more than weights .*'
                       'clean_checkpoint.py'):
        load_checkpoint(evil)


@pytest.mark.parametrize('program', [
    Program(eval, '1'), Program(getattr, dict, 'clear'),
    Program(os.system, 'true'), Program(torch.load, 'x'),
    Program(pickle.loads, b'x')])
@pytest.mark.parametrize('write', [
    torch.save,
    lambda x, path: torch.save(x, path, _use_new_zipfile_serialization=False),
    lambda x, path: path.write_bytes(pickle.dumps(x)),
    lambda x, path: path.write_bytes(pickle.dumps(x, 2)),
])
def test_programs_of_any_form_are_refused(program, write, tmp_path):
    path = tmp_path / 'a.pth'
    write(dict(state_dict=program), path)
    with pytest.raises(ValueError, match='more than weights|damaged'):
        load_checkpoint(path)


@pytest.mark.parametrize('user', ['teacher', 'resume', 'load_from', 'model'])
def test_no_way_in_runs_a_program(run_config, evil, save_student, user):
    if user == 'teacher':
        run_config.model.teacher.checkpoint = evil
        with pytest.raises(ValueError, match='teacher.checkpoint: .*more than'):
            new_runner(run_config)
        return
    if user == 'model':
        from mmpose_thermal.apis import ThermalLandmarker
        path = save_student()
        with pytest.raises(ValueError, match='more than weights'):
            ThermalLandmarker((path.replace('.pth', '.py'), evil), device='cpu')
        return
    run_config.default_hooks.checked_loading = dict(type='CheckedLoadingHook')
    run_config.load_from, run_config.resume = evil, user == 'resume'
    with pytest.raises(ValueError, match='more than weights'):
        new_runner(run_config).train()


def test_what_training_leaves_is_read(finished_run):
    """Logged values, NumPy's numbers and the state of the optimizer."""
    path = f'{finished_run.work_dir}/epoch_2.pth'
    content = load_checkpoint(path)
    expected = torch.load(path, weights_only=False)
    log = content['message_hub']['log_scalars']['train/loss']
    assert log.mean() == pytest.approx(
        expected['message_hub']['log_scalars']['train/loss'].mean())
    for key, value in expected['state_dict'].items():
        assert torch.equal(content['state_dict'][key], value)
    shapes = load_checkpoint(path, 'meta')['state_dict']
    assert all(value.device.type == 'meta' for value in shapes.values())


@pytest.mark.parametrize('content', [
    b'', b'PK', b'\x80\x02}q\x00.'[:3], b'no checkpoint at all'])
def test_damaged_ones_are_named(content, tmp_path):
    path = tmp_path / 'a.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='a.pth is damaged'):
        load_checkpoint(path)
    with pytest.raises(ValueError, match='folder'):
        load_checkpoint(tmp_path)
    with pytest.raises(FileNotFoundError, match='b.pth does not exist'):
        load_checkpoint(tmp_path / 'b.pth')


def test_a_pointer_to_nothing_is_named(run_config, tmp_path):
    run_config.default_hooks.checked_loading = dict(type='CheckedLoadingHook')
    run_config = Config(dict(run_config.to_dict(), resume=True))
    os.makedirs(run_config.work_dir)
    with open(f'{run_config.work_dir}/last_checkpoint', 'w') as file:
        file.write(f'{run_config.work_dir}/epoch_7.pth')
    with pytest.raises(FileNotFoundError, match='epoch_7.pth.*last_checkpoint'):
        new_runner(run_config).train()


def test_trusted_ones_can_be_cleaned(tmp_path, run_tool, save_teacher):
    path = save_teacher(estimator(8))
    content = torch.load(path)
    out = tmp_path / 'clean.pth'
    torch.save(dict(content, meta=dict(epoch=3, own=torch.nn.ReLU())), path)
    with pytest.raises(SystemExit, match='more than weights'):
        run_tool('misc/clean_checkpoint', path, out)
    run_tool('misc/clean_checkpoint', path, out, '--trust')
    assert load_checkpoint(out)['meta'] == dict(epoch=3)
    from mmpose.registry import MODELS
    load_network(MODELS.build(estimator(8)), str(out), 'teacher')
