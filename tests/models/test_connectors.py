import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.registry import MODELS

from mmpose_thermal.models import build_connector

COARSE, FINE, NARROW = (6, 4, 4), (6, 8, 8), (3, 8, 8)


@pytest.mark.parametrize('source, target, expected', [
    (COARSE, COARSE, 'IdentityConnector'),
    (COARSE, FINE, 'ResizeConnector'),
    (COARSE, NARROW, 'ConvConnector'),
    (NARROW, FINE, 'ConvConnector'),
])
def test_auto_takes_the_least_that_does(source, target, expected):
    connector = build_connector('auto', source, target)
    assert type(connector).__name__ == expected
    result = connector(torch.rand(2, *source), target[1:])
    assert result.shape == (2, *target)


def test_identity_hands_over_the_very_tensor():
    feature = torch.rand(2, *COARSE)
    assert build_connector('auto', COARSE, COARSE)(feature, (4, 4)) is feature
    with pytest.raises(ValueError, match='"auto"'):
        build_connector('auto', COARSE, COARSE)(feature, (8, 8))


def test_convolutions_can_be_stacked():
    connector = build_connector(
        dict(type='ConvConnector', num_convs=3, with_norm=False), COARSE,
        NARROW)
    convs = [m for m in connector.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [c.weight.shape for c in convs
            ] == [(3, 6, 1, 1), (3, 3, 1, 1), (3, 3, 1, 1)]
    assert not any(isinstance(m, torch.nn.BatchNorm2d)
                   for m in connector.modules())
    result = connector(torch.randn(2, *COARSE), (8, 8))
    assert result.min() < 0  # no ReLU at its end


def test_a_single_position_can_be_converted():
    """A batch of one, of pooled features."""
    connector = build_connector('auto', (4, 1, 1), (6, 1, 1))
    converted = connector(torch.rand(1, 4, 1, 1), (1, 1))
    converted.sum().backward()
    assert converted.shape == (1, 6, 1, 1) and all(
        part.training for part in connector.modules())


def test_resizing_cannot_change_channels():
    with pytest.raises(ValueError, match='6 channels to 3'):
        build_connector(dict(type='ResizeConnector'), COARSE, NARROW)


@pytest.mark.parametrize('connector', ['conv', dict(num_convs=2), None])
def test_unknown_connector_is_named(connector):
    with pytest.raises(ValueError, match='"auto" or a config'):
        build_connector(connector, COARSE, FINE)


def test_choice_is_logged(build_distiller, tmp_path):
    logger = MMLogger.get_instance('choice', log_level='INFO',
                                   log_file=str(tmp_path / 'log.txt'))
    assert MMLogger.get_current_instance() is logger
    build_distiller(student_width=8)
    said = (tmp_path / 'log.txt').read_text()
    for line in ('teacher 128x2x2 -> student 64x2x2: ConvConnector',
                 'student 64x2x2 -> teacher 128x2x2: ConvConnector'):
        assert line in said


def test_another_connector_is_one_class(build_distiller, batch):
    from mmengine.model import BaseModule

    @MODELS.register_module(force=True)
    class HalvedConnector(BaseModule):

        def __init__(self, in_channels, out_channels):
            super().__init__()
            assert in_channels == 2 * out_channels

        def forward(self, feature, size):
            return feature[:, ::2]

    try:
        model = build_distiller(
            student_width=8,
            distill_losses=dict(
                loss_dikd=dict(
                    type='DIKDLoss',
                    reverse_weight=0,
                    connector=dict(type='HalvedConnector'))))
        assert model(**batch, mode='loss')['loss_dikd'] > 0
    finally:
        MODELS.module_dict.pop('HalvedConnector')
