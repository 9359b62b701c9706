import pytest
from mmengine.logging import MessageHub

from mmpose_thermal.models import Decay


@pytest.fixture
def progress():
    """Sets how far MMEngine's training has come."""
    hub = MessageHub.get_current_instance()
    fields = dict(iter=0, max_iters=20, epoch=0, max_epochs=2)

    def go(**done):
        for key, value in {**fields, **done}.items():
            hub.update_info(key, value)

    yield go
    for key in fields:
        hub.runtime_info.pop(key, None)


@pytest.mark.parametrize('type, middle', [
    ('linear', .55),
    ('cosine', .55),
    ('exponential', .1**.5),
    ('step', .55),
    ('constant', 1.),
])
def test_decay_goes_from_begin_to_end(type, middle):
    decay = Decay(type, begin=1., end=.1, milestones=(.5, .9))
    assert decay(0) == pytest.approx(1)
    assert decay(.5) == pytest.approx(middle)
    assert decay(1) == pytest.approx(1 if type == 'constant' else .1)


@pytest.mark.parametrize('type', ['linear', 'cosine', 'exponential', 'step'])
def test_decay_never_rises(type):
    values = [Decay(type, 1., .01)(t / 50) for t in range(51)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize('type', ['sudden', 'mix'])
def test_unknown_decay_is_named(type):
    with pytest.raises(ValueError, match=f"unknown type '{type}'"):
        Decay(type)


def test_exponential_decay_to_zero_is_refused():
    with pytest.raises(ValueError, match='positive'):
        Decay('exponential', 1., 0.)


@pytest.mark.parametrize('arguments, message', [
    (dict(type='step', milestones=[30, 50]), r'shares.*not epochs.*\[30, 50'),
    (dict(type='step', milestones=[]), 'milestones'),
    (dict(type='step', milestones=[0, .5]), 'milestones'),
    (dict(begin=-1.), '`begin`.*not negative'),
    (dict(end=float('nan')), '`end` must be a finite'),
])
def test_decay_that_could_not_work_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Decay(**arguments)


def test_decay_follows_the_training(progress):
    decay = Decay('linear', 1., 0.)
    progress(iter=5)
    assert decay() == pytest.approx(.75)
    progress(iter=30)  # beyond the end
    assert decay() == 0


def test_decay_by_epoch_changes_between_epochs_only(progress):
    decay = Decay('linear', 1., 0., by_epoch=True)
    progress(iter=9, epoch=0)
    assert decay() == 1
    progress(iter=10, epoch=1)
    assert decay() == .5


def test_decay_by_epoch_goes_by_iterations_in_a_run_of_one_epoch(progress):
    """As MMEngine's trainings by iterations are."""
    progress(iter=10, max_epochs=1)
    assert Decay('linear', 1., 0., by_epoch=True)() == .5


def test_decay_without_a_training_is_at_its_begin():
    assert Decay('cosine', .8, 0.)() == .8


def test_a_loss_may_have_its_own_decay(build_distiller, batch, progress):
    model = build_distiller(
        distill_losses=dict(
            loss_dikd=dict(type='DIKDLoss'),
            loss_ld=dict(
                type='LogitDistillLoss',
                decay=dict(type='constant', begin=.5))),
        decay=dict(type='linear'))
    first = model(**batch, mode='loss')
    progress(iter=15)
    later = model(**batch, mode='loss')
    ratios = {name: (later[name] / first[name]).item() for name in first}
    assert ratios == pytest.approx(
        dict(
            loss_kpt=1,
            loss_dikd=.25,
            loss_ld=1,
            distill_decay=.25,
            distill_decay_ld=1))
    assert later['distill_decay_ld'] == .5


def test_a_teacher_stops_when_its_losses_count_nothing(
        build_distiller, batch, progress):
    """And every weight still has a gradient, as DDP expects."""
    stops = dict(type='step', milestones=[.5], end=0.)
    model = build_distiller(
        student_width=8,
        distill_losses=dict(
            loss_dikd=dict(type='DIKDLoss', decay=stops),
            loss_fd=dict(type='FeatureDistillLoss', decay=stops)))
    runs = []
    model.teacher.backbone.register_forward_hook(
        lambda *arguments: runs.append(1))
    progress(iter=9)
    assert model(**batch, mode='loss')['loss_dikd'] > 0 and len(runs) == 1
    progress(iter=10)
    losses = model(**batch, mode='loss')
    assert len(runs) == 1
    assert losses['loss_dikd'] == losses['loss_fd'] == 0
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is not None for p in model.parameters())
    assert not any(p.grad.any() for p in model.distill_losses.parameters())


def test_logged_factors_are_not_summed(build_distiller, batch):
    model = build_distiller(
        distill_losses=dict(
            loss_dikd=dict(
                type='DIKDLoss', decay=dict(type='constant', begin=100.))))
    total, logged = model.parse_losses(model(**batch, mode='loss'))
    assert total.item() == pytest.approx(
        (logged['loss_kpt'] + logged['loss_dikd']).item())
    assert logged['distill_decay_dikd'] == 100


def test_warm_up_raises_the_factor_from_zero():
    decay = Decay('linear', begin=1., end=0., warm_up=.2)
    assert decay(0) == 0
    assert decay(.1) == pytest.approx(.5 * .9)
    assert decay(.5) == pytest.approx(.5)
    with pytest.raises(ValueError, match='`warm_up`.*share'):
        Decay(warm_up=5)
