"""Checkpoints of a real run: what they hold, and that the run resumes."""
import copy
import shutil
from pathlib import Path

import pytest
import torch
from conftest import estimator, new_runner
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import load_checkpoint
from mmpose.apis import init_model
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS

from mmpose_thermal.engine import StudentCheckpointHook, student_config
from mmpose_thermal.models import CrossModalDistiller


def load(path):
    return torch.load(path, map_location='cpu', weights_only=False)


def test_checkpoint_is_the_stock_students(finished_run):
    checkpoint = load(f'{finished_run.work_dir}/epoch_2.pth')
    stock = MODELS.build(estimator(8))
    assert set(checkpoint['state_dict']) == set(stock.state_dict())
    load_checkpoint(stock, f'{finished_run.work_dir}/epoch_2.pth', strict=True)
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


# ------------------------------ whatever hooks there were, and wherever it lies
def assert_equal_weights(model, other):
    expected = other.state_dict()
    assert model.state_dict().keys() == expected.keys()
    for key, value in model.state_dict().items():
        assert torch.equal(value, expected[key]), key


def without(config, *hooks):
    config = copy.deepcopy(config)
    for hook in hooks:
        del config.default_hooks[hook]
    return config


def resumed(config, checkpoint):
    """A run that is done when it is resumed."""
    config = copy.deepcopy(config)
    config.work_dir += '_resumed'
    config.load_from, config.resume = checkpoint, True
    runner = new_runner(config)
    runner.train()
    return runner


@pytest.mark.parametrize('saved, loaded', [
    (('student', ), ()),
    ((), ('student', )),
    (('student', ), ('student', )),
])
def test_a_run_may_be_resumed_with_other_hooks(run_config, saved, loaded):
    run_config.default_hooks.checked_loading = dict(type='CheckedLoadingHook')
    first = new_runner(without(run_config, *saved))
    first.train()
    path = f'{first.work_dir}/epoch_2.pth'
    assert_equal_weights(resumed(without(run_config, *loaded), path).model,
                         first.model)


def test_mmposes_init_model_loads_a_distillers_own_checkpoint(finished_run):
    config = copy.deepcopy(finished_run.cfg)
    path = f'{finished_run.work_dir}/epoch_2.pth'
    model = init_model(config, path, device='cpu', cfg_options={})
    assert_equal_weights(model.student, finished_run.model.student)


def with_weights_of(path, model, out):
    content = load(path)
    content['state_dict'] = model.state_dict()
    torch.save(content, out)
    return str(out)


def test_a_checkpoint_that_does_not_fit_is_not_resumed(finished_run,
                                                       run_config, tmp_path):
    run_config.default_hooks.checked_loading = dict(type='CheckedLoadingHook')
    path = with_weights_of(f'{finished_run.work_dir}/epoch_2.pth',
                           MODELS.build(estimator(16)), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='fits 44 of the 140'):
        resumed(run_config, path)


@pytest.mark.parametrize('keep, what', [('backbone', 'head'), ('', None)])
def test_a_tested_checkpoint_has_all_weights(validated_config, save_teacher,
                                             keep, what):
    fields = {k: v for k, v in validated_config.to_dict().items()
              if not k.startswith(('train', 'val', 'optim'))}
    config = Config(dict(
        fields, model=estimator(8), default_hooks=dict(
            checked_loading=dict(type='CheckedLoadingHook')),
        load_from=save_teacher(
            estimator(8), 'part.pth', keep=lambda k: k.startswith(keep))))
    if what is None:
        assert new_runner(config).test()['NME'] > 0
        return
    with pytest.raises(ValueError, match=f'missing.*first "{what}'):
        new_runner(config).test()


def test_training_begins_from_part_of_the_weights_but_not_from_none(
        run_config, save_teacher):
    run_config.default_hooks.checked_loading = dict(type='CheckedLoadingHook')
    run_config.load_from = save_teacher(
        estimator(8), 'part.pth', keep=lambda key: key.startswith('backbone'))
    run_config.train_cfg.max_epochs = 1
    new_runner(run_config).train()
    run_config.load_from = save_teacher(
        estimator(8), 'other.pth', keep=lambda key: key.startswith('no'))
    with pytest.raises(ValueError, match='does not fit.*would stay random'):
        new_runner(run_config).train()


class Better(Hook):
    """Metrics that get better each time."""
    priority = 'VERY_HIGH'

    def after_val_epoch(self, runner, metrics=None):
        metrics['NME'] = -runner.epoch


class Worse(Better):

    def after_val_epoch(self, runner, metrics=None):
        metrics['NME'] = runner.epoch


@pytest.mark.parametrize('later', [Better, Worse])
@pytest.mark.parametrize('move', [shutil.move, shutil.copytree])
def test_a_work_directory_may_be_moved_or_copied(validated_config, tmp_path,
                                                 move, later):
    config = copy.deepcopy(validated_config)
    config.train_cfg.max_epochs = 1
    first = new_runner(config)
    first.register_hook(later())
    first.train()
    here = tmp_path / 'elsewhere'
    move(first.work_dir, here)
    (here / 'student_best.pth').unlink()
    config = Config(dict(validated_config.to_dict(), work_dir=str(here),
                         resume=True))
    config.default_hooks.checked_loading = dict(type='CheckedLoadingHook')
    second = new_runner(config)
    second.register_hook(later())
    second.train()
    assert second.epoch == 2 and (here / 'student_best.pth').is_file()
    best = second.message_hub.get_info('best_ckpt')
    assert Path(best).parent == here and Path(best).is_file()
    assert len(list(here.glob('best_*'))) == 1
    if move is shutil.copytree:  # the original keeps all of its files
        assert len(list(Path(first.work_dir).glob('best_*'))) == 1


def test_the_best_of_later_epochs_outlives_an_earlier_ones_resume(
        validated_config):
    """The checkpoint and the student that was exported of it."""
    config = copy.deepcopy(validated_config)
    config.train_cfg.max_epochs = 3
    runner = new_runner(config)
    runner.register_hook(Better())
    runner.train()
    folder = Path(config.work_dir)
    student = load(folder / 'student_best.pth')['state_dict']
    validated_config.load_from = str(folder / 'epoch_1.pth')
    validated_config.resume = True
    runner = new_runner(validated_config)
    runner.register_hook(Better())  # than the first epoch
    runner.train()
    assert (folder / 'best_NME_epoch_2.pth').is_file()
    assert (folder / 'best_NME_epoch_3.pth').is_file()
    kept = load(folder / 'student_of_best_NME_epoch_3.pth')['state_dict']
    assert all(torch.equal(kept[key], student[key]) for key in student)
    assert (folder / 'student_of_best_NME_epoch_3.py').is_file()


def test_a_best_checkpoint_elsewhere_is_read_and_not_removed(
        validated_config, tmp_path):
    """Of a run that goes on in another work directory."""
    config = copy.deepcopy(validated_config)
    config.train_cfg.max_epochs = 1
    new_runner(config).train()
    best, = Path(config.work_dir).glob('best_*')
    validated_config.work_dir = str(tmp_path / 'other')
    validated_config.load_from = str(best)
    validated_config.resume = True
    validated_config.train_cfg.max_epochs = 1  # nothing better follows
    new_runner(validated_config).train()
    assert (tmp_path / 'other/student_best.pth').is_file()
    assert best.is_file()


def test_paths_of_another_system_are_found_here(validated_config):
    config = copy.deepcopy(validated_config)
    config.train_cfg.max_epochs = 1
    new_runner(config).train()
    folder = Path(config.work_dir)
    (folder / 'last_checkpoint').write_text('D:\\runs\\ktl\\epoch_1.pth')
    validated_config.resume = True
    runner = new_runner(validated_config)
    runner.train()
    assert runner.epoch == 2


def test_names_that_the_model_itself_converts_fit(validated_config, tmp_path,
                                                  save_teacher):
    """Of checkpoints before MMPose 1.0, whose head had another name."""
    content = load(save_teacher(estimator(8)))
    content['state_dict'] = {
        'keypoint_' * key.startswith('head.') + key: value
        for key, value in content['state_dict'].items()}
    torch.save(dict(content, meta={}), tmp_path / 'old.pth')
    fields = {k: v for k, v in validated_config.to_dict().items()
              if not k.startswith(('train', 'val', 'optim'))}
    config = Config(dict(
        fields, model=estimator(8), load_from=str(tmp_path / 'old.pth'),
        default_hooks=dict(checked_loading=dict(type='CheckedLoadingHook'))))
    assert new_runner(config).test()['NME'] > 0


@pytest.mark.parametrize('hook', [True, False])
def test_a_resumed_run_does_without_what_it_began_from(run_config,
                                                       save_teacher, hook):
    """With StudentCheckpointHook alone, too, which brings the other."""
    if hook:
        run_config.default_hooks.checked_loading = dict(
            type='CheckedLoadingHook')
    run_config.model.student.checkpoint = save_teacher(estimator(8), 's.pth')
    run_config.train_cfg.max_epochs = 1
    new_runner(run_config).train()
    Path(run_config.model.student.checkpoint).unlink()
    with pytest.raises(FileNotFoundError, match='student.checkpoint'):
        new_runner(run_config).train()
    run_config.train_cfg.max_epochs, run_config.resume = 2, True
    runner = new_runner(run_config)
    runner.train()
    assert runner.epoch == 2


class OwnDistiller(CrossModalDistiller):
    """Of another project."""


@pytest.mark.parametrize('kind', ['mmpose.CrossModalDistiller', OwnDistiller])
def test_types_may_have_a_scope_or_be_of_a_subclass(validated_config, kind):
    validated_config.model.type = kind
    validated_config.default_hooks.student.type = 'mmpose.StudentCheckpointHook'
    runner = new_runner(validated_config)
    runner.train()
    exported = Config.fromfile(f'{runner.work_dir}/student_best.py')
    assert exported.model.type == 'TopdownPoseEstimator'
    MODELS.build(exported.model)
    assert 'student' not in exported.default_hooks


def test_classes_in_a_config_are_exported_by_name(validated_config, tmp_path):
    config = validated_config.to_dict()
    config['model']['student']['config']['type'] = TopdownPoseEstimator
    path = tmp_path / 'student.py'
    student_config(Config(config)).dump(path)
    assert type(MODELS.build(Config.fromfile(path).model)) is TopdownPoseEstimator


def test_the_best_student_is_exported_once(validated_config):
    runner = new_runner(validated_config)
    runner.train()
    path = Path(runner.work_dir) / 'student_best.pth'
    hook, = [h for h in runner.hooks if isinstance(h, StudentCheckpointHook)]
    path.unlink()
    hook.after_val_epoch(runner)  # no better one since
    assert not path.exists()


def test_hook_refuses_another_model(run_config):
    config = copy.deepcopy(run_config)
    config.model = estimator(8)
    runner = new_runner(config)
    with pytest.raises(TypeError, match='for CrossModalDistiller'):
        runner.train()
