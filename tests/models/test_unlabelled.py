"""Samples without labels learn from the teacher, and the others as before."""
import copy

import numpy as np
import pytest
import torch
from conftest import batch_for, estimator, rtmcc, simcc
from mmengine.logging import MessageHub
from mmpose.registry import MODELS

from mmpose_thermal.models.distillers.head_adapter import adapt_head

LD = dict(loss_ld=dict(type='LogitDistillLoss'))


def without_labels(batch, *which):
    batch = copy.deepcopy(batch)
    for index in which:
        labels = batch['data_samples'][index].gt_instance_labels
        labels.keypoint_weights = torch.zeros_like(labels.keypoint_weights)
        sample = batch['data_samples'][index]
        if 'gt_fields' in sample:
            sample.gt_fields.heatmaps = torch.zeros_like(sample.gt_fields.heatmaps)
    return batch


def sure(model):
    """Makes the teacher's outputs large: a fresh one is sure of nothing."""
    with torch.no_grad():
        model.teacher.head.final_layer.bias += .6
    return model


def by_hand(model, batch, index):
    """The student's distance from the teacher on one sample, by its confidence."""
    with torch.no_grad():
        student = model.student.head(model.student.extract_feat(
            batch['inputs']['thermal']))
        teacher = model.teacher.head(model.teacher.extract_feat(
            batch['inputs']['rgb']))
    peak = teacher.flatten(2).amax(-1).clamp(0, 1)
    each = (student - teacher).square().flatten(2).mean(-1)
    return (each * peak)[index].mean() / 2


def test_an_unlabelled_sample_follows_the_teacher(build_distiller, batch):
    model = sure(build_distiller(unlabelled=dict(threshold=0.), distill_losses=LD))
    batch = without_labels(batch, 0, 1)
    losses = model(**batch, mode='loss')
    assert losses['loss_kpt'] == 0
    expected = by_hand(model, batch, 0) + by_hand(model, batch, 1)
    assert losses['loss_ld'].item() == pytest.approx(expected.item(), rel=1e-4)
    assert losses['unlabelled_share'] == 1 and losses['confident_share'] == 1
    assert 0 < losses['teacher_confidence'] <= 1


def test_labelled_samples_stay_as_they_are(build_distiller, batch):
    model = build_distiller(unlabelled=dict())
    ours = model(**batch, mode='loss')
    model.teacher_labels = None
    theirs = model(**batch, mode='loss')
    for name in ('loss_kpt', 'loss_dikd'):
        torch.testing.assert_close(ours[name], theirs[name])
    assert ours['unlabelled_share'] == 0


def test_in_a_mixed_batch_each_sample_has_its_own_target(build_distiller, batch):
    """The first is labelled, the second follows the teacher."""
    model = sure(build_distiller(
        unlabelled=dict(threshold=0.), distill_losses=LD))
    whole = model(**batch, mode='loss')['loss_kpt']
    losses = model(**without_labels(batch, 1), mode='loss')
    assert 0 < losses['loss_kpt'] < whole  # of the first alone
    assert losses['unlabelled_share'] == .5
    with torch.no_grad():
        student = model.student.head(model.student.extract_feat(
            batch['inputs']['thermal']))
        teacher = model.teacher.head(model.teacher.extract_feat(
            batch['inputs']['rgb']))
    first = (student - teacher)[0].square().mean() / 2  # by its weights, 1
    expected = first + by_hand(model, batch, 1)
    assert losses['loss_ld'].item() == pytest.approx(expected.item(), rel=1e-4)


def test_injection_of_unlabelled_samples_aims_at_the_teachers_output(
        build_distiller, batch):
    """Whatever the target of labelled ones."""
    model = sure(build_distiller(
        unlabelled=dict(threshold=0.),
        distill_losses=dict(
            loss_gt=dict(type='DIKDLoss'),
            loss_teacher=dict(type='DIKDLoss', forward_target='teacher',
                              reverse_target='teacher'))))
    losses = model(**without_labels(batch, 0, 1), mode='loss')
    torch.testing.assert_close(losses['loss_gt'], losses['loss_teacher'])
    losses = model(**batch, mode='loss')
    assert losses['loss_gt'].item() != pytest.approx(
        losses['loss_teacher'].item())


def test_unlabelled_samples_train_what_labels_train(build_distiller, batch):
    model = sure(build_distiller(
        unlabelled=dict(threshold=0.), distill_losses=LD))

    def trained(name, batch):
        model.zero_grad()
        model(**batch, mode='loss')[name].backward()
        return {key for key, p in model.student.named_parameters()
                if p.grad is not None and p.grad.abs().sum() > 0}

    expected = trained('loss_kpt', batch)
    assert trained('loss_ld', without_labels(batch, 0, 1)) == expected


def test_points_below_the_threshold_do_not_count(build_distiller, batch):
    model = sure(build_distiller(unlabelled=dict(), distill_losses=LD))
    bare = without_labels(batch, 0, 1)
    with torch.no_grad():
        peaks = model.teacher.head(model.teacher.extract_feat(
            batch['inputs']['rgb'])).flatten(2).amax(-1).clamp(0, 1)
    model.teacher_labels.threshold = float(peaks.median())
    losses = model(**bare, mode='loss')
    assert losses['confident_share'].item() == pytest.approx(
        (peaks >= peaks.median()).float().mean().item())
    model.teacher_labels.threshold = 1.
    model.teacher.head.final_layer.bias.data -= 5
    assert model(**bare, mode='loss')['loss_ld'] == 0


def test_unlabelled_samples_ramp_up(build_distiller, batch):
    model = sure(build_distiller(
        unlabelled=dict(threshold=0., ramp_up=.5), distill_losses=LD))
    hub, values = MessageHub.get_current_instance(), []
    bare = without_labels(batch, 0, 1)
    try:
        hub.update_info('max_iters', 100)
        for iteration in (0, 25, 50, 100):
            hub.update_info('iter', iteration)
            values.append(model(**bare, mode='loss')['loss_ld'].item())
    finally:
        for key in ('iter', 'max_iters'):
            hub.runtime_info.pop(key)
    assert values[0] == 0
    assert values[1] == pytest.approx(values[2] / 2, rel=1e-4)
    assert values[3] == pytest.approx(values[2], rel=1e-4)


def test_points_that_move_under_a_flip_do_not_count(build_distiller, batch):
    model = sure(build_distiller(
        unlabelled=dict(threshold=0., flip_tolerance=0.), distill_losses=LD))
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(flip_indices=[*range(68)]))
    bare = without_labels(batch, 0, 1)
    strict = model(**bare, mode='loss')['confident_share']
    model.teacher_labels.flip_tolerance = 2.
    assert strict < .5 < model(**bare, mode='loss')['confident_share']

    # of a symmetric image and a network that ignores where it is
    model.teacher_labels.flip_tolerance = 0.
    model.teacher.head.forward = lambda maps: torch.eye(16)[None, None].expand(
        len(maps[-1]), 68, -1, -1) + torch.eye(16).flip(-1)
    positions = model.teachers['teacher'].head.positions
    there = positions(model.teacher.head.forward([torch.zeros(2)]))
    assert (there == 0).all()


@pytest.mark.parametrize('codec', [
    dict(type='MSRAHeatmap', sigma=2.),
    dict(type='SeparableMSRAHeatmap', sigma=1.5, unbiased=True),
    dict(type='UDPHeatmap', sigma=1.5),
    dict(type='SimCCLabel', sigma=3., simcc_split_ratio=2.),
    dict(type='RegressionLabel')])
def test_a_teacher_that_is_right_agrees_with_itself_when_flipped(codec):
    """What the codec encodes of points and of their mirror images."""
    head, size = dict(
        SimCCLabel=(simcc()['head'], {}),
        RegressionLabel=(dict(
            type='RegressionHead', in_channels=8, num_joints=68), {})
    ).get(codec['type'], (estimator()['head'], dict(heatmap_size=(16, 16))))
    codec = dict(codec, input_size=(64, 64), **size)
    head = adapt_head(MODELS.build(dict(head, decoder=codec)))
    points = np.random.default_rng(0).uniform(8, 55, (1, 200, 2)).astype(np.float32)
    mirrored = np.array([63, 0], np.float32) + points * np.array([-1, 1], np.float32)
    here, there = (head.positions(_encoded(head, each)) for each in (points, mirrored))
    there = torch.stack([1 - there[..., 0], there[..., 1]], -1)
    apart = (here - there).norm(dim=-1)
    step = head.position_step(_encoded(head, points))
    assert (apart < step + 1e-6).all() and apart.mean() <= .6 * step + 1e-6


def _encoded(head, points):
    found = head.head.decoder.encode(points)
    if 'keypoint_labels' in found:
        return torch.from_numpy(found['keypoint_labels'])
    names = ['heatmaps'] if 'heatmaps' in found else ['keypoint_x_labels',
                                                      'keypoint_y_labels']
    maps = [torch.from_numpy(found[name]) for name in names]
    return maps[0][None] if len(maps) == 1 else tuple(
        part.reshape(1, points.shape[1], -1) for part in maps)


@pytest.mark.parametrize('kind', [estimator, simcc, rtmcc])
def test_positions_are_those_of_the_codec(kind):
    """As shares of the crop, to half a cell; confidence is highest at a peak of 1."""
    config = kind()
    head = adapt_head(MODELS.build(config).head)
    samples = batch_for(config)['data_samples']
    output = head.targets(samples)
    decoder, expected = head.head.decoder, []
    for index in range(2):
        part = tuple(p[index:index + 1].numpy() for p in output) \
            if isinstance(output, tuple) else output[index].numpy()
        expected.append(torch.from_numpy(
            decoder.decode(*part if isinstance(part, tuple) else (part, ))[0][0]))
    found = 64 * head.positions(output)
    assert (found - torch.stack(expected)).abs().max() < 3
    assert head.confidence(output).shape == (2, 68)
    assert head.confidence(0 * output if torch.is_tensor(output) else tuple(
        0 * part for part in output)).max() == 0


def test_a_loss_that_ignores_weights_is_refused(build_distiller):
    student = simcc()
    student['head']['loss']['use_target_weight'] = False
    with pytest.raises(ValueError, match='use_target_weight=True'):
        build_distiller(student=dict(config=student), unlabelled=dict())


@pytest.mark.parametrize('field', ['threshold', 'ramp_up', 'flip_tolerance'])
def test_a_number_out_of_range_is_named(build_distiller, field):
    with pytest.raises(ValueError, match=f'unlabelled.*`{field}`'):
        build_distiller(unlabelled={field: 1.5})


def test_an_unlabelled_sample_without_a_partner_teaches_nothing(
        build_distiller, batch):
    """Beside a labelled pair, which teaches as if it were alone in its half."""
    model = sure(build_distiller(
        unlabelled=dict(threshold=0.), distill_losses=LD))
    whole = model(**batch, mode='loss')
    bare = without_labels(batch, 1)
    bare['data_samples'][1].set_metainfo(dict(missing_modalities=('rgb', )))
    losses = model(**bare, mode='loss')
    assert losses['unlabelled_share'] == 0  # of those that the teacher sees
    with torch.no_grad():
        student = model.student.head(model.student.extract_feat(
            batch['inputs']['thermal']))
        teacher = model.teacher.head(model.teacher.extract_feat(
            batch['inputs']['rgb']))
    expected = (student - teacher)[0].square().mean() / 2
    assert losses['loss_ld'].item() == pytest.approx(expected.item(), rel=1e-4)
    assert losses['loss_kpt'] < whole['loss_kpt']
