import copy

import pytest
import torch
from conftest import COLOUR, GREY, estimator
from mmengine.logging import MessageHub
from mmengine.runner.checkpoint import load_state_dict
from mmengine.optim import build_optim_wrapper
from mmpose.registry import MODELS

from mmpose_thermal.models.distillers.head_adapter import adapt_head
from mmpose_thermal.models.distillers.probing import probe


def gradients(module):
    return {
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().sum() > 0
    }


def loss_of(model, batch, name='loss_dikd'):
    losses = model(**batch, mode='loss')
    model.zero_grad()
    losses[name].backward()
    return losses


def only(**weights):
    return dict(distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', **weights)))


def test_forward_injection_teaches_the_head_and_not_the_backbone(
        build_distiller, batch):
    model = build_distiller(**only(reverse_weight=0))
    loss_of(model, batch)
    assert not gradients(model.student.backbone)
    assert gradients(model.student.head) == {
        name
        for name, _ in model.student.head.named_parameters()
    }


def test_reverse_injection_teaches_the_backbone_and_not_the_head(
        build_distiller, batch):
    model = build_distiller(**only(forward_weight=0))
    loss_of(model, batch, 'loss_kpt')
    trained_by_the_task = gradients(model.student.backbone)
    assert 'conv1.weight' in trained_by_the_task
    loss_of(model, batch)
    assert not gradients(model.student.head)
    assert gradients(model.student.backbone) == trained_by_the_task


def test_both_injections_teach_their_connectors(build_distiller, batch):
    model = build_distiller(student_width=8)
    loss_of(model, batch)
    trained = gradients(model.distill_losses)
    assert any('to_student' in name for name in trained)
    assert any('to_teacher' in name for name in trained)


def test_injected_feature_meets_the_head_it_is_meant_for(
        build_distiller, batch):
    """The loss equals both heads run by hand on the other's features."""
    model = build_distiller()
    losses = model(**batch, mode='loss')
    student, teacher = model.student, model.teacher
    target = torch.stack([s.gt_fields.heatmaps for s in batch['data_samples']])
    weight = torch.ones(2, 68)
    with torch.no_grad():
        from_teacher = teacher.extract_feat(batch['inputs']['rgb'])
        from_student = student.extract_feat(batch['inputs']['thermal'])
        by_hand = sum(
            student.head.loss_module(head.forward(feats), target, weight)
            for head, feats in ((student.head, from_teacher),
                                (teacher.head, from_student)))
    torch.testing.assert_close(losses['loss_dikd'].detach(), by_hand)


def test_teacher_is_bit_identical_after_training_steps(build_distiller,
                                                       batch):
    model = build_distiller()
    before = copy.deepcopy(model.teacher.state_dict())
    student_before = copy.deepcopy(model.student.state_dict())
    optimizer = build_optim_wrapper(
        model, dict(optimizer=dict(type='SGD', lr=.1, weight_decay=.1)))
    for _ in range(3):
        loss, _ = model.parse_losses(model(**batch, mode='loss'))
        optimizer.update_params(loss)
    after = model.teacher.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert any(not torch.equal(student_before[key], value)
               for key, value in model.student.state_dict().items())


def test_teacher_stays_in_eval_mode(build_distiller):
    model = build_distiller()
    model.train()
    assert not any(m.training for m in model.teacher.modules())
    assert all(m.training for m in model.student.modules())


def test_teacher_is_in_no_optimizer_and_no_checkpoint(build_distiller):
    model = build_distiller()
    frozen = {id(p) for p in model.teacher.parameters()}
    optimizer = build_optim_wrapper(model,
                                    dict(optimizer=dict(type='SGD', lr=.1)))
    assert not frozen & {
        id(p)
        for group in optimizer.param_groups for p in group['params']
    }
    assert not [key for key in model.state_dict() if 'teacher' in key
                and 'to_teacher' not in key]


def test_teacher_moves_and_casts_with_the_distiller(build_distiller):
    model = build_distiller().double()
    assert {p.dtype for p in model.teacher.parameters()} == {torch.float64}


def test_forward_injection_leaves_the_students_norm_statistics_alone(
        build_distiller, batch):
    plain = build_distiller(distill_losses=dict())
    model = build_distiller()
    model.student.load_state_dict(plain.student.state_dict())
    plain(**batch, mode='loss')
    model(**batch, mode='loss')
    expected = dict(plain.student.named_buffers())
    for name, buffer in model.student.named_buffers():
        assert torch.equal(buffer, expected[name]), name


def test_task_loss_is_the_plain_students(build_distiller, batch):
    model = build_distiller()
    own = model.student.loss(batch['inputs']['thermal'],
                             batch['data_samples'])['loss_kpt']
    torch.testing.assert_close(
        model(**batch, mode='loss')['loss_kpt'], own)


@pytest.mark.parametrize('mode', ['tensor', 'predict'])
def test_prediction_is_the_students_own_bit_for_bit(build_distiller, batch,
                                                    mode):
    model = build_distiller().eval()
    thermal = batch['inputs']['thermal']
    with torch.no_grad():
        ours = model(batch['inputs'], copy.deepcopy(batch['data_samples']),
                     mode)
        own = model.student(thermal, copy.deepcopy(batch['data_samples']),
                            mode)
        alone = model(thermal, copy.deepcopy(batch['data_samples']), mode)
    for other in (own, alone):
        if mode == 'tensor':
            assert torch.equal(ours, other)
        else:
            for a, b in zip(ours, other):
                assert (a.pred_instances.keypoints ==
                        b.pred_instances.keypoints).all()


def test_decay_scales_distillation_and_not_the_task(build_distiller, batch):
    model = build_distiller(decay=dict(type='linear', begin=1., end=0.))
    hub = MessageHub.get_current_instance()
    hub.update_info('max_iters', 10)
    try:
        hub.update_info('iter', 0)
        first = model(**batch, mode='loss')
        hub.update_info('iter', 6)
        later = model(**batch, mode='loss')
    finally:
        hub.pop_info('iter')
        hub.pop_info('max_iters')
    torch.testing.assert_close(later['loss_kpt'], first['loss_kpt'])
    torch.testing.assert_close(later['loss_dikd'], first['loss_dikd'] * .4)
    assert later['distill_decay'] == pytest.approx(.4)


def test_mcl_takes_one_tensor_for_both(build_distiller, save_teacher, batch):
    teacher = estimator(16)
    model = build_distiller(
        student_width=8,
        teacher=dict(config=teacher, checkpoint=save_teacher(teacher)),
        teacher_input='thermal',
        data_preprocessor=dict(type='PoseDataPreprocessor', **GREY))
    losses = model(
        batch['inputs']['thermal'], batch['data_samples'], mode='loss')
    assert losses['loss_dikd'] > 0


def test_ktl_refuses_one_tensor(build_distiller, batch):
    with pytest.raises(TypeError, match='PackPairInputs'):
        build_distiller()(
            batch['inputs']['thermal'], batch['data_samples'], mode='loss')


def test_batch_without_the_teachers_modality_is_named(build_distiller, batch):
    del batch['inputs']['rgb']
    with pytest.raises(KeyError, match='"rgb" is needed'):
        build_distiller()(**batch, mode='loss')


def test_probing_leaves_the_training_mode_of_each_module():
    model = MODELS.build(estimator(8)).train()
    model.backbone.layer1.eval()
    before = [module.training for module in model.modules()]
    buffers = copy.deepcopy(dict(model.named_buffers()))
    probe(model, adapt_head(model.head), 'student')
    assert [module.training for module in model.modules()] == before
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, buffers[name]), name


def test_initialisation_of_connectors_is_applied(build_distiller):
    connector = dict(
        type='ConvConnector',
        init_cfg=dict(type='Constant', layer='Conv2d', val=.25))
    model = build_distiller(student_width=8, **only(connector=connector))
    for name in ('to_student', 'to_teacher'):
        for conv in getattr(model.distill_losses['loss_dikd'], name).convs:
            assert (conv.conv.weight == .25).all(), name


# -------------------------------------------- checkpoints of students or whole
def test_students_checkpoint_is_one_of_the_distiller(build_distiller):
    model, other = build_distiller(), build_distiller()
    weights = model.student.state_dict()
    assert any((other.student.state_dict()[key] != value).any()
               for key, value in weights.items())
    assert not other.load_state_dict(weights, strict=False).missing_keys
    for key, value in other.student.state_dict().items():
        assert torch.equal(value, weights[key]), key


def test_student_starts_from_the_teacher(save_teacher):
    teacher = estimator(16, COLOUR)
    checkpoint = save_teacher(teacher)

    def started(width):
        model = MODELS.build(dict(
            type='CrossModalDistiller',
            teacher=dict(config=teacher, checkpoint=checkpoint),
            student=dict(config=estimator(width), checkpoint='teacher'),
            data_preprocessor=dict(
                type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR)))
        model.init_weights()
        return model.student.state_dict()

    expected = torch.load(checkpoint, weights_only=False)['state_dict']
    for key, value in started(16).items():
        assert torch.equal(value, expected[key]), key
    with pytest.raises(ValueError, match='another shape. With .* set it to None'):
        started(8)


def test_checkpoint_of_another_model_is_refused(build_distiller):
    with pytest.raises(ValueError, match='fits 0 of the .*"layer.weight"'):
        build_distiller().load_state_dict(
            {'layer.weight': torch.zeros(2)}, strict=False)


def test_checkpoint_of_another_width_is_refused(build_distiller):
    """MMEngine would leave what does not fit at random, and say so in a log.
    """
    wide = MODELS.build(estimator(24)).state_dict()
    with pytest.raises(ValueError, match='fits .* of the .* weights'):
        load_state_dict(build_distiller(), wide)


def test_weights_below_zero_count_nothing(build_distiller, batch):
    """Some tools write a visibility of -1."""
    model = build_distiller(distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss'),
        loss_ld=dict(type='LogitDistillLoss')))
    found = []
    for unlabelled in (0., -1.):
        weights = batch['data_samples'][0].gt_instance_labels.keypoint_weights
        weights[:, :30] = unlabelled
        found.append(model(**batch, mode='loss'))
    for name in ('loss_kpt', 'loss_dikd', 'loss_ld'):
        assert torch.equal(found[0][name], found[1][name]), name


# ------------------------------------------------------------- wrong set-ups
def distiller(teacher, checkpoint, student=None, **overrides):
    return MODELS.build(
        dict(
            type='CrossModalDistiller',
            teacher=dict(config=teacher, checkpoint=checkpoint),
            student=dict(config=student or estimator()),
            data_preprocessor=dict(
                type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR),
            **overrides))


def test_missing_teacher_checkpoint_is_named():
    with pytest.raises(FileNotFoundError, match='nowhere.pth does not exist'):
        distiller(estimator(normalisation=COLOUR), 'nowhere.pth')


def test_untrained_teacher_is_refused():
    with pytest.raises(ValueError, match='teacher.checkpoint is not set'):
        distiller(estimator(normalisation=COLOUR), None)


def test_teacher_checkpoint_without_a_matching_key_is_refused(tmp_path):
    path = str(tmp_path / 'other.pth')
    torch.save(dict(state_dict={'layer.weight': torch.zeros(2)}), path)
    with pytest.raises(ValueError, match='matches 0 of'):
        distiller(estimator(normalisation=COLOUR), path)


def test_teacher_checkpoint_of_the_backbone_alone_is_refused(save_teacher):
    teacher = estimator(normalisation=COLOUR)
    path = save_teacher(teacher, keep=lambda key: key.startswith('backbone'))
    with pytest.raises(ValueError, match='missing in head'):
        distiller(teacher, path)


def test_teacher_checkpoint_of_another_width_is_refused(save_teacher):
    path = save_teacher(estimator(8, COLOUR))
    with pytest.raises(ValueError, match='another shape'):
        distiller(estimator(16, COLOUR), path)


def test_unlike_point_sets_are_refused(save_teacher):
    teacher = estimator(normalisation=COLOUR)
    student = estimator()
    student['head']['out_channels'] = 54
    with pytest.raises(ValueError, match='68 keypoints, the student 54'):
        distiller(teacher, save_teacher(teacher), student)


def test_other_normalisation_than_the_students_is_refused(save_teacher):
    teacher = estimator(normalisation=COLOUR)
    student = estimator(normalisation=dict(mean=[100] * 3, std=[64] * 3))
    with pytest.raises(ValueError, match='`mean` of "thermal"'):
        distiller(teacher, save_teacher(teacher), student)


def test_missing_channel_swap_of_the_teacher_is_refused(save_teacher):
    teacher = estimator(normalisation=dict(COLOUR, bgr_to_rgb=False))
    with pytest.raises(ValueError, match='`bgr_to_rgb` of "rgb"'):
        distiller(teacher, save_teacher(teacher))


def test_unknown_input_modality_is_refused(save_teacher):
    teacher = estimator(normalisation=COLOUR)
    with pytest.raises(ValueError, match='teacher sees "depth"'):
        distiller(teacher, save_teacher(teacher), teacher_input='depth')


@pytest.mark.parametrize('name', ['dikd', 'loss', 'loss_kpt', 'loss.a', 3])
def test_names_that_mmengine_would_not_sum_are_refused(save_teacher, name):
    teacher = estimator(normalisation=COLOUR)
    with pytest.raises(ValueError, match=f'"{name}" must begin with "loss"'):
        distiller(
            teacher,
            save_teacher(teacher),
            distill_losses={name: dict(type='DIKDLoss')})


def test_head_without_an_adapter_is_refused():
    student = estimator()
    student['head'] = dict(
        type='DSNTHead', in_channels=128, in_featuremap_size=(2, 2),
        num_joints=68)
    with pytest.raises(TypeError, match='student.config: the head DSNTHead '
                       'has no adapter.*new_head.md'):
        distiller(estimator(), 'teacher.pth', student)


def test_missing_config_file_is_named():
    with pytest.raises(FileNotFoundError, match='no config file nowhere.py'):
        distiller('nowhere.py', 'teacher.pth')
