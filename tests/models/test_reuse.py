"""The parts work without the distiller, and in other OpenMMLab projects."""
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS as ROOT
from mmengine.registry import DefaultScope

from mmpose_thermal.models import (DIKDLoss, Decay, DistillBatch,
                                   FeatureDistillLoss, LogitDistillLoss)

CONFIG = '''
default_scope = 'mmdet'
losses = dict(
    dikd=dict(type='mmpose.DIKDLoss', connector=dict(
        type='mmpose.ConvConnector', num_convs=2)),
    fd=dict(type='mmpose.FeatureDistillLoss', form='cwd'),
    ld=dict(type='mmpose.LogitDistillLoss', form='kl'))
'''


def small_networks():
    """Two backbones and heads for ten classes at every position."""
    torch.manual_seed(0)
    conv = torch.nn.Conv2d
    student = conv(3, 6, 3, stride=2), conv(6, 10, 1)
    teacher = conv(3, 9, 3, stride=4), conv(9, 10, 1)
    for module in teacher:
        module.requires_grad_(False)
    return student, teacher


def step(losses):
    (backbone, head), (teacher_backbone, teacher_head) = small_networks()
    images = torch.rand(2, 3, 17, 17)
    feature, theirs = backbone(images), teacher_backbone(images)
    for loss in losses:
        loss.connect(tuple(theirs.shape[1:]), tuple(feature.shape[1:]))

    def at_one_size(network):
        # Both sides must put out the same: here 4x4 positions.
        return torch.nn.Sequential(network, torch.nn.AdaptiveAvgPool2d(4))

    batch = DistillBatch(
        student_feature=feature,
        teacher_feature=theirs,
        student_head=at_one_size(head),
        teacher_head=at_one_size(teacher_head),
        criterion=torch.nn.functional.cross_entropy,
        target=torch.randint(10, (2, 4, 4)))
    decay = Decay('cosine')
    total = sum(decay(.5) * loss(batch) for loss in losses)
    total.backward()
    return total, backbone.weight.grad, head.weight.grad


def test_losses_in_plain_pytorch():
    total, backbone, head = step([
        DIKDLoss(), FeatureDistillLoss(form='cosine'),
        LogitDistillLoss(form='kl', temperature=2.)])
    assert torch.isfinite(total)
    assert backbone.abs().sum() > 0 and head.abs().sum() > 0


@pytest.mark.parametrize('scope', ['mmdet', 'mmengine'])
def test_losses_from_a_config_of_another_project(scope, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(CONFIG)
    config = Config.fromfile(str(path))
    DefaultScope.get_instance('elsewhere-' + scope, scope_name=scope)
    with DefaultScope.overwrite_default_scope(scope):
        assert DefaultScope.get_current_instance().scope_name == scope
        losses = [ROOT.build(loss) for loss in config.losses.values()]
        total, backbone, head = step(losses)
    assert torch.isfinite(total)
    assert backbone.abs().sum() > 0 and head.abs().sum() > 0
