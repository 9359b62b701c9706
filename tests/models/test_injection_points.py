"""DIKD behind other layers than the head's input, and what it injects."""
import pytest
import torch
from conftest import estimator
from mmengine.runner.activation_checkpointing import \
    turn_on_activation_checkpointing
from mmpose.registry import MODELS

from mmpose_thermal.models import build_connector
from mmpose_thermal.models.connectors import connected
from mmpose_thermal.models.distillers.head_adapter import adapt_head
from mmpose_thermal.models.distillers.layers import NetworkTail, layer_outputs

LAYERS = dict(teacher='backbone.layer2', student='backbone.layer2')


def deep(**arguments):
    return dict(loss_dikd=dict(type='DIKDLoss', layers=LAYERS, **arguments))


@pytest.mark.parametrize('layer', ['backbone.layer1', 'backbone.layer3.0'])
def test_a_tail_completes_what_its_layer_began(layer):
    network = MODELS.build(estimator()).eval()
    images = torch.randn(3, 3, 64, 64)
    with torch.no_grad(), layer_outputs(network, [layer]) as maps:
        expected = network.head(network.extract_feat(images))
        tail = NetworkTail(network, adapt_head(network.head), layer, (64, 64))
        torch.testing.assert_close(tail(maps[layer]), expected)


def test_a_layer_that_the_head_bypasses_is_refused(build_distiller):
    config = estimator()
    config['backbone']['out_indices'] = (2, 3)
    config['neck'] = dict(type='FeatureMapProcessor', concat=True)
    config['head']['in_channels'] = 12 * 16
    with pytest.raises(ValueError, match='backbone.layer4.*earlier layer'):
        build_distiller(
            student=dict(config=config),
            distill_losses=dict(loss_dikd=dict(
                type='DIKDLoss', forward_weight=1, reverse_weight=0,
                layers=dict(teacher='backbone.layer4',
                            student='backbone.layer4'))))


def test_early_injection_teaches_what_lies_on_its_side(build_distiller, batch):
    """Reverse: the student before the layer; forward: the student behind it."""
    for forward, expected in ((0, {'conv1', 'bn1', 'layer1', 'layer2'}),
                              (1, {'layer3', 'layer4', 'head'})):
        model = build_distiller(distill_losses=deep(
            forward_weight=forward, reverse_weight=1 - forward))
        teacher = {k: v.clone() for k, v in model.teacher.state_dict().items()}
        model(**batch, mode='loss')['loss_dikd'].backward()
        found = {
            name.replace('backbone.', '').split('.')[0]
            for name, p in model.student.named_parameters()
            if p.grad is not None and p.grad.abs().sum() > 0
        }
        assert found == expected
        after = model.teacher.state_dict()
        assert all(torch.equal(teacher[key], after[key]) for key in teacher)


def test_early_forward_injection_leaves_norm_statistics_alone(
        build_distiller, batch):
    plain = build_distiller(distill_losses=dict())
    model = build_distiller(distill_losses=deep(reverse_weight=0))
    model.student.load_state_dict(plain.student.state_dict())
    plain(**batch, mode='loss')
    model(**batch, mode='loss')
    expected = dict(plain.student.named_buffers())
    for name, buffer in model.student.named_buffers():
        assert torch.equal(buffer, expected[name]), name


@pytest.mark.parametrize('how', ['backbone', 'mmengine'])
def test_early_injection_with_activation_checkpointing(build_distiller, batch, how):
    """What is computed again in the backward pass would enter the statistics."""
    start = build_distiller(
        student=dict(config=estimator(8)), distill_losses=deep(reverse_weight=0))

    def trained(losses, saving):
        student = estimator(8)
        student['backbone']['with_cp'] = saving and how == 'backbone'
        model = build_distiller(student=dict(config=student), distill_losses=losses)
        model.load_state_dict(start.state_dict(), strict=False)
        model.teacher.load_state_dict(start.teacher.state_dict())
        if saving and how == 'mmengine':
            turn_on_activation_checkpointing(
                model, ['student.backbone.layer3', 'student.backbone.layer4'])
        losses = model(**batch, mode='loss')
        sum(loss for name, loss in losses.items() if 'loss' in name).backward()
        return model.student

    plain = trained(deep(reverse_weight=0), False)
    saving = trained(deep(reverse_weight=0), True)
    alone = trained(dict(), True)
    for (name, one), other in zip(plain.named_parameters(), saving.parameters()):
        assert torch.allclose(one.grad, other.grad, atol=1e-6), name
    for (name, one), other in zip(alone.named_buffers(), saving.buffers()):
        assert torch.equal(one, other), name


def test_forward_and_reverse_have_targets_of_their_own(build_distiller, batch):
    def loss(**arguments):
        built = MODELS.build(dict(type='DIKDLoss', **arguments))
        built.connect((128, 2, 2), (128, 2, 2))
        model.distill_losses['loss_dikd'] = built
        return model(**batch, mode='loss')['loss_dikd'].item()

    model = build_distiller()
    forward = {target: loss(reverse_weight=0, forward_target=target)
               for target in ('gt', 'teacher')}
    reverse = {target: loss(forward_weight=0, reverse_target=target)
               for target in ('gt', 'teacher')}
    assert forward['gt'] != pytest.approx(forward['teacher'])
    assert loss(forward_target='gt', reverse_target='teacher') == pytest.approx(
        forward['gt'] + reverse['teacher'], rel=1e-5)


def test_statistics_connector_takes_over_mean_and_spread():
    connector = build_connector(
        dict(type='StatisticsConnector'), (4, 8, 8), (4, 6, 6))
    assert not [*connector.parameters()]
    feature, reference = torch.randn(2, 4, 8, 8), 3 + 5 * torch.rand(2, 4, 8, 8)
    result = connected(connector, feature, reference)
    for measure in (torch.mean, torch.std):
        torch.testing.assert_close(measure(result, (2, 3)),
                                   measure(reference, (2, 3)), rtol=1e-3, atol=1e-3)
    # and leaves the pattern: a linear change of each channel
    one, other = result.flatten(2), feature.flatten(2)
    assert torch.corrcoef(torch.stack([one[0, 0], other[0, 0]]))[0, 1] > .9999


def test_statistics_connector_cannot_change_channels():
    with pytest.raises(ValueError, match='6 channels to 3'):
        build_connector(dict(type='StatisticsConnector'), (6, 4, 4), (3, 4, 4))


def test_partial_injection_mixes_by_the_gap(build_distiller, batch):
    """Equal features stay the student's; opposite ones become the teacher's."""
    from mmpose_thermal.models.losses.dikd_loss import _partly
    teacher = torch.rand(2, 64, 4, 4)
    student = teacher.clone().requires_grad_()
    assert torch.equal(_partly(teacher, student), student)
    assert torch.equal(_partly(teacher, -student), teacher)
    noise = teacher + torch.randn(2, 64, 4, 4)
    mixed = _partly(teacher, noise)
    share = (mixed == teacher).all(-1).all(-1).float().mean()
    assert .2 < share < .8
    model = build_distiller(distill_losses=dict(loss_dikd=dict(
        type='DIKDLoss', forward_weight=0, partial=True)))
    model(**batch, mode='loss')['loss_dikd'].backward()


def test_layers_of_injection_are_named_for_both(build_distiller):
    with pytest.raises(ValueError, match='`layers` must name'):
        build_distiller(distill_losses=dict(loss_dikd=dict(
            type='DIKDLoss', layers=dict(teacher='backbone.layer2'))))
