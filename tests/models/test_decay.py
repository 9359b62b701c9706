import pytest

from mmpose_thermal.models.distillers.decay import Decay


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
