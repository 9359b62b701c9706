import copy
import dataclasses
import math

import pytest
import torch
from mmpose.registry import MODELS

from mmpose_thermal.models import DistillBatch


def features(model, inputs):
    with torch.no_grad():
        return (model.student.extract_feat(inputs['thermal'])[-1],
                model.teacher.extract_feat(inputs['rgb'])[-1])


def test_feature_distillation_is_the_mean_squared_difference(
        build_distiller, batch):
    model = build_distiller(
        distill_losses=dict(
            loss_fd=dict(type='FeatureDistillLoss', loss_weight=2.)))
    loss = model(**batch, mode='loss')['loss_fd']
    student, teacher = features(model, batch['inputs'])
    torch.testing.assert_close(loss.detach(),
                               2 * (student - teacher).square().mean())


def test_feature_distillation_teaches_the_backbone_alone(
        build_distiller, batch):
    model = build_distiller(
        distill_losses=dict(loss_fd=dict(type='FeatureDistillLoss')))
    model(**batch, mode='loss')['loss_fd'].backward()
    assert model.student.backbone.conv1.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.student.head.parameters())


def test_logit_distillation_compares_with_the_teachers_heatmaps(
        build_distiller, batch):
    model = build_distiller(
        distill_losses=dict(
            loss_ld=dict(type='LogitDistillLoss', loss_weight=3.)))
    loss = model(**batch, mode='loss')['loss_ld']
    with torch.no_grad():
        theirs = model.teacher(batch['inputs']['rgb'], None, 'tensor')
        ours = model.student(batch['inputs']['thermal'], None, 'tensor')
    torch.testing.assert_close(loss.detach(),
                               3 * (ours - theirs).square().mean())


def test_hidden_keypoints_do_not_count(build_distiller, batch):
    for sample in batch['data_samples']:
        sample.gt_instance_labels.keypoint_weights.zero_()
    model = build_distiller(
        distill_losses=dict(
            loss_dikd=dict(type='DIKDLoss'),
            loss_ld=dict(type='LogitDistillLoss')))
    losses = model(**batch, mode='loss')
    assert losses['loss_dikd'] == 0 and losses['loss_ld'] == 0


def test_injection_target_can_be_the_teachers_output(build_distiller, batch):
    model = build_distiller()

    def reverse_injection(**arguments):
        loss = MODELS.build(
            dict(type='DIKDLoss', forward_weight=0, **arguments))
        loss.connect((128, 2, 2), (128, 2, 2))
        model.distill_losses['loss_dikd'] = loss
        return model(**batch, mode='loss')['loss_dikd'].item()

    truth, teacher, mix = (
        reverse_injection(reverse_target=target)
        for target in ('gt', 'teacher', .25))
    assert truth != pytest.approx(teacher)
    assert mix == pytest.approx(.75 * truth + .25 * teacher)


@pytest.mark.parametrize('weights', [(0, 0), (-1, 1)])
def test_dikd_without_a_term_is_refused(weights):
    with pytest.raises(ValueError, match='weights'):
        MODELS.build(
            dict(
                type='DIKDLoss',
                forward_weight=weights[0],
                reverse_weight=weights[1]))


@pytest.mark.parametrize('config, field', [
    (dict(type='DIKDLoss', forward_target='label'), 'forward_target'),
    (dict(type='DIKDLoss', reverse_target=1.5), 'reverse_target'),
    (dict(type='FeatureDistillLoss', form='l3'), 'form'),
    (dict(type='LogitDistillLoss', form='l3'), 'form'),
])
def test_unknown_option_is_named(config, field):
    with pytest.raises(ValueError, match=field):
        MODELS.build(config)


# --------------------------------------- on tiny tensors, without a distiller
TEACHER, STUDENT = (3, 2, 2), (4, 3, 2)
ALL_LOSSES = [
    dict(type='DIKDLoss'),
    dict(type='DIKDLoss', forward_weight=0),
    dict(type='DIKDLoss', reverse_weight=0),
    dict(type='DIKDLoss', forward_target=.3, reverse_target=.3),
    dict(type='FeatureDistillLoss'),
    dict(type='FeatureDistillLoss', form='cosine'),
    dict(type='FeatureDistillLoss', form='cwd', temperature=2.),
    dict(type='LogitDistillLoss'),
    dict(type='LogitDistillLoss', form='kl', temperature=.5),
]


def squared_error(output, target, weight):
    return (weight[..., None, None] * (output - target).square()).mean()


def tiny_batch(student_feature=None, teacher_shape=TEACHER,
               student_shape=STUDENT, heads=None):
    """Two samples, two keypoints of which one is hidden, 2x2 heatmaps."""
    if heads is None:
        heads = [
            torch.nn.Sequential(
                torch.nn.Conv2d(shape[0], 2, 1),
                torch.nn.AdaptiveAvgPool2d(2)).double()
            for shape in (student_shape, teacher_shape)
        ]
    if student_feature is None:
        student_feature = torch.rand(2, *student_shape).double()
    return DistillBatch(
        student_feature=student_feature,
        teacher_feature=torch.rand(2, *teacher_shape).double(),
        student_head=heads[0],
        teacher_head=heads[1].requires_grad_(False).eval(),
        criterion=squared_error,
        target=torch.rand(2, 2, 2, 2).double(),
        target_weight=torch.tensor([[1., 0.], [.5, 1.]]).double())


def connected(config, teacher_shape=TEACHER, student_shape=STUDENT):
    loss = MODELS.build(dict(config))
    loss.connect(teacher_shape, student_shape)
    return loss.double()


@pytest.mark.parametrize('config', ALL_LOSSES, ids=str)
def test_gradients_agree_with_finite_differences(config):
    """Of the student's features, its head and the connectors."""
    loss, fixed = connected(config), tiny_batch()
    head = fixed.student_head
    names, values = zip(*[
        (name, p) for module in (head, loss)
        for name, p in module.named_parameters()])

    def value(feature, *_):
        return loss(dataclasses.replace(
            fixed, student_feature=feature, student_output=None))

    feature = fixed.student_feature.clone().requires_grad_()
    inputs = [feature, *values]
    if config.get('reverse_weight') == 0:
        # Forward injection shows the student's features to no one.
        inputs = inputs[1:]
        assert torch.autograd.gradcheck(
            lambda *p: value(fixed.student_feature), inputs)
    else:
        assert torch.autograd.gradcheck(value, inputs)


def test_identical_branches_give_the_task_loss_for_both_injections():
    head = torch.nn.Conv2d(4, 2, 1).double()
    batch = tiny_batch(
        teacher_shape=STUDENT, heads=[head, copy.deepcopy(head)])
    batch.target = torch.rand(2, 2, 3, 2).double()
    batch.teacher_feature = batch.student_feature
    task = batch.task_loss(batch.student_output)
    for weights in ((1, 0), (0, 1)):
        loss = connected(
            dict(
                type='DIKDLoss',
                forward_weight=weights[0],
                reverse_weight=weights[1]),
            teacher_shape=STUDENT)
        assert torch.equal(loss(batch), task)
    ld = connected(dict(type='LogitDistillLoss', form='kl'), STUDENT)
    fd = connected(dict(type='FeatureDistillLoss', form='cosine'), STUDENT)
    assert ld(batch).item() == pytest.approx(0, abs=1e-12)
    assert fd(batch).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize('form, expected', [
    # One channel, two positions; features (1, 3) against (2, 1).
    ('mse', (1 + 4) / 2),
    ('cosine', 0.),  # positive numbers of one channel point the same way
    ('cwd', 4 * sum(  # temperature 2
        p * math.log(p / q) for p, q in zip(
            (math.e**1 / (math.e**1 + math.e**.5),
             math.e**.5 / (math.e**1 + math.e**.5)),
            (math.e**.5 / (math.e**.5 + math.e**1.5),
             math.e**1.5 / (math.e**.5 + math.e**1.5))))),
])
def test_feature_distillation_by_hand(form, expected):
    loss = connected(
        dict(type='FeatureDistillLoss', form=form, temperature=2.),
        (1, 1, 2), (1, 1, 2))
    batch = tiny_batch(teacher_shape=(1, 1, 2), student_shape=(1, 1, 2))
    batch.student_feature = torch.tensor([[[[1., 3.]]]]).double()
    batch.teacher_feature = torch.tensor([[[[2., 1.]]]]).double()
    assert loss(batch).item() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize('form', ['mse', 'kl'])
def test_hidden_points_do_not_count_in_logit_distillation(form):
    loss = connected(dict(type='LogitDistillLoss', form=form))
    batch = tiny_batch()
    before = loss(batch)
    batch.student_output = batch.student_output.clone()
    batch.student_output[0, 1] += torch.randn(2, 2)  # weight 0
    assert torch.equal(loss(batch), before)
    batch.student_output[1, 0] += torch.randn(2, 2)  # weight 1/2
    assert loss(batch) != before


def test_softened_divergence_by_hand():
    loss = connected(
        dict(type='LogitDistillLoss', form='kl', temperature=.5))
    batch = tiny_batch()
    p, q = (output.flatten(2).div(.5).softmax(-1)
            for output in (batch.teacher_output, batch.student_output))
    each = .25 * (p * (p / q).log()).sum(-1)
    assert loss(batch).item() == pytest.approx(
        (each * batch.target_weight).mean().item())


@pytest.mark.parametrize('config', [
    dict(type='LogitDistillLoss'),
    dict(type='LogitDistillLoss', form='kl', temperature=.1),
    dict(type='FeatureDistillLoss'),
    dict(type='FeatureDistillLoss', form='cosine'),
    dict(type='FeatureDistillLoss', form='cwd'),
], ids=str)
def test_half_precision_is_summed_up_in_single(config):
    """The loss is that of the same values in float32, to the last bit."""
    loss = connected(config, STUDENT, STUDENT).float()
    found = []
    for dtype in (torch.bfloat16, torch.float32):
        torch.manual_seed(0)
        values = [torch.randn(2, 4, 3, 2).bfloat16().to(dtype)
                  for _ in range(4)]
        batch = tiny_batch(teacher_shape=STUDENT)
        batch.student_feature, batch.teacher_feature = values[:2]
        batch.student_output = values[2]
        batch.__dict__['teacher_output'] = values[3]
        batch.target_weight = torch.ones(2, 4)
        found.append(loss(batch))
    assert found[0].dtype == torch.float32
    assert torch.equal(*found)
