import pytest
import torch
from mmpose.registry import MODELS


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

    def reverse_injection(target):
        loss = MODELS.build(
            dict(type='DIKDLoss', forward_weight=0, target=target))
        loss.connect(128, 128)
        model.distill_losses['loss_dikd'] = loss
        return model(**batch, mode='loss')['loss_dikd'].item()

    truth, teacher, mix = map(reverse_injection, ('gt', 'teacher', .25))
    assert truth != pytest.approx(teacher)
    assert reverse_injection(1.) == teacher
    # Squared errors are convex in the target.
    assert mix < .75 * truth + .25 * teacher


@pytest.mark.parametrize('weights', [(0, 0), (-1, 1)])
def test_dikd_without_a_term_is_refused(weights):
    with pytest.raises(ValueError, match='weights'):
        MODELS.build(
            dict(
                type='DIKDLoss',
                forward_weight=weights[0],
                reverse_weight=weights[1]))


@pytest.mark.parametrize('target', ['label', 1.5])
def test_unknown_target_is_refused(target):
    with pytest.raises(ValueError, match='target'):
        MODELS.build(dict(type='DIKDLoss', target=target))


def test_connector_can_be_given_by_config(build_distiller, batch):
    connector = dict(type='ConvConnector', with_norm=False)
    model = build_distiller(
        student_width=8,
        distill_losses=dict(
            loss_dikd=dict(type='DIKDLoss', connector=connector)))
    layer = model.distill_losses.loss_dikd.to_student.layer
    assert layer.norm is None
    assert layer.conv.weight.shape[:2] == (64, 128)
    assert model(**batch, mode='loss')['loss_dikd'] > 0


def test_connector_resizes_to_the_other_branch():
    connector = MODELS.build(
        dict(type='ConvConnector', in_channels=4, out_channels=6))
    assert connector(torch.rand(2, 4, 8, 8), (4, 4)).shape == (2, 6, 4, 4)
