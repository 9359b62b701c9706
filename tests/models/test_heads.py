"""Every kind of head on either side, and what is refused."""
import copy
import threading
from pathlib import Path

import mmpose
import numpy as np
import pytest
import torch
from conftest import (COLOUR, GREY, IMAGE_SIZE, NUM_KEYPOINTS, SIMCC,
                      batch_for, estimator, rtmcc, simcc)
from mmengine.config import Config
from mmpose.codecs import MSRAHeatmap, UDPHeatmap
from mmpose.models.heads import RLEHead
from mmpose.models.losses import KDLoss
from mmpose.registry import MODELS

from mmpose_thermal.datasets.point_sets import keypoint_indices
from mmpose_thermal.models import RegressionAdapter, adapts
from mmpose_thermal.models.distillers.head_adapter import adapt_head
from mmpose_thermal.models.distillers.resampling import resample
from mmpose_thermal.models.distillers.dry_run import sums_over_samples
from mmpose_thermal.models.losses import DistillBatch, DistillLoss
from mmpose_thermal.models.losses.base import parts_of


def plain_heatmap(width=16, normalisation=GREY):
    """Without deconvolutions: strides 8, 16, 32 side by side, as HRNetV2."""
    config = estimator(width, normalisation)
    codec = dict(config['head']['decoder'], heatmap_size=(8, 8))
    config['backbone']['out_indices'] = (1, 2, 3)
    config['neck'] = dict(type='FeatureMapProcessor', concat=True)
    config['head'] = dict(
        type='HeatmapHead',
        in_channels=(2 + 4 + 8) * width,
        out_channels=NUM_KEYPOINTS,
        deconv_out_channels=None,
        conv_out_channels=(32, ),
        conv_kernel_sizes=(1, ),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec)
    return config


LOSSES = dict(
    loss_fi=dict(type='DIKDLoss', reverse_weight=0),
    loss_ri=dict(type='DIKDLoss', forward_weight=0),
    loss_teacher=dict(
        type='DIKDLoss', forward_target='teacher', reverse_target='teacher'),
    loss_fd=dict(type='FeatureDistillLoss', form='cwd'),
    loss_ld=dict(type='LogitDistillLoss', form='kl'),
    loss_mse=dict(type='LogitDistillLoss'))


@pytest.fixture
def pair(save_teacher):
    """Builds a distiller of two networks."""

    def build(teacher, student, losses=None, **arguments):
        model = MODELS.build(
            dict(
                type='CrossModalDistiller',
                teacher=dict(
                    config=teacher,
                    checkpoint=save_teacher(teacher),
                    **arguments),
                student=dict(config=student),
                distill_losses=LOSSES if losses is None else losses,
                data_preprocessor=dict(
                    type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR)))
        model.init_weights()
        with torch.no_grad():  # heads start near zero
            for parameter in model.student.head.parameters():
                parameter.add_(.1 * torch.randn_like(parameter))
        return model.train()

    return build


def rtmw(width=16, normalisation=GREY):
    """RTMPose's head for whole bodies, which reads two maps."""
    config = rtmcc(width, normalisation)
    config['backbone']['out_indices'] = (2, 3)
    config['head'].update(type='RTMWHead')
    return config


def regression(width=16, normalisation=GREY):
    """Coordinates from pooled features."""
    config = estimator(width, normalisation)
    config['neck'] = dict(type='GlobalAveragePooling')
    config['head'] = dict(
        type='RegressionHead',
        in_channels=8 * width,
        num_joints=NUM_KEYPOINTS,
        loss=dict(type='SmoothL1Loss', use_target_weight=True),
        decoder=dict(
            type='RegressionLabel', input_size=(IMAGE_SIZE, IMAGE_SIZE)))
    return config


def rle(width=16, normalisation=GREY):
    """A head that this project does not know, see RLEAdapter."""
    config = regression(width, normalisation)
    config['head'].update(
        type='RLEHead', loss=dict(type='RLELoss', use_target_weight=True))
    return config


@adapts(RLEHead)
class RLEAdapter(RegressionAdapter):
    """As in docs/tutorials/new_head.md: coordinates and their sigmas."""

    def convert(self, output):
        output = super().convert(output)
        return output[..., :2], output[..., 2:]

    def as_target(self, output):
        return output[0]

    def task_loss(self, output, target, weight):
        return self.head.loss_module(*output, target, weight.unsqueeze(-1))


HEADS = dict(
    deconvolutions=estimator,
    plain=plain_heatmap,
    simcc=simcc,
    rtmcc=rtmcc,
    rtmw=rtmw,
    regression=regression,
    rle=rle)
PAIRS = [('deconvolutions', 'deconvolutions'), ('plain', 'plain'),
         ('simcc', 'simcc'), ('rtmcc', 'rtmcc'), ('rtmcc', 'simcc'),
         ('simcc', 'rtmcc'), ('rtmw', 'rtmw'), ('rtmw', 'rtmcc'),
         ('regression', 'regression'), ('rle', 'rle')]
#: Features and outputs with positions, which a softmax can compare.
MAPS = [name for name in HEADS if name not in ('regression', 'rle')]


@pytest.mark.parametrize('level', ['ktl', 'mcl'])
@pytest.mark.parametrize('teacher_head, student_head', PAIRS)
def test_all_losses_flow_where_they_must(pair, teacher_head, student_head,
                                         level):
    """KTL between equal widths, MCL between unlike ones."""
    student = HEADS[student_head](16 if level == 'ktl' else 8)
    losses = copy.deepcopy(LOSSES)
    losses['loss_fd']['form'] = 'cwd' if student_head in MAPS else 'mse'
    losses['loss_ld']['form'] = 'kl' if student_head in MAPS else 'mse'
    model = pair(HEADS[teacher_head](16, COLOUR), student, losses)
    before = copy.deepcopy(model.teacher.state_dict())
    losses = model(**batch_for(student), mode='loss')
    backbone = model.student.backbone.conv1.weight
    head = next(  # RLELoss has weights, too
        parameter for name, parameter in model.student.head.named_parameters()
        if not name.startswith('loss_module'))
    reaches = dict(  # backbone, head
        loss_kpt=(True, True),
        loss_fi=(False, True),
        loss_ri=(True, False),
        loss_teacher=(True, True),
        loss_fd=(True, False),
        loss_ld=(True, True),
        loss_mse=(True, True))
    for name, expected in reaches.items():
        model.zero_grad()
        assert torch.isfinite(losses[name])
        losses[name].backward(retain_graph=True)
        found = tuple(p.grad is not None and bool(p.grad.abs().sum() > 0)
                      for p in (backbone, head))
        assert found == expected, name
    assert all(p.grad is None for p in model.teacher.parameters())
    after = model.teacher.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize('head', HEADS)
def test_task_loss_is_the_heads_own(pair, head):
    student = HEADS[head](8)
    model = pair(HEADS[head](16, COLOUR), student, losses={})
    batch = batch_for(student)
    own = model.student.loss(batch['inputs']['thermal'],
                             batch['data_samples'])['loss_kpt']
    torch.testing.assert_close(model(**batch, mode='loss')['loss_kpt'], own)


def with_beta(config, beta, label_beta=None):
    """A SimCC head whose loss scales scores, and soft labels, otherwise."""
    config['head']['loss'] = dict(
        type='KLDiscretLoss',
        use_target_weight=True,
        beta=beta,
        **({} if label_beta is None else
           dict(label_softmax=True, label_beta=label_beta)))
    return config


@pytest.mark.parametrize('betas', [(1, 1), (10, 10), (10, 1), (1, 10)])
@pytest.mark.parametrize('label_beta', [None, 10., 3.])
def test_heads_that_mean_the_same_have_nothing_to_learn(pair, betas,
                                                        label_beta):
    """Whatever the factor by which each one's loss scales its scores."""
    theirs, ours = betas
    student = with_beta(rtmcc(16), ours, label_beta)
    model = pair(with_beta(rtmcc(16, COLOUR), theirs), student)
    # The teacher's distributions, in the student's scores.
    model.student.load_state_dict(model.teacher.state_dict(), strict=False)
    for layer in (model.student.head.cls_x, model.student.head.cls_y):
        layer.weight.data *= theirs / ours
    head = model.teachers['teacher'].head
    feature = torch.randn(2, 128, 2, 2)
    scores = model._student_head.eval()(feature)
    for own, other in zip(scores, head(feature)):
        torch.testing.assert_close(own, other)
    batch = DistillBatch(
        student_feature=feature,
        teacher_feature=feature,
        student_head=model._student_head,
        teacher_head=head,
        criterion=model.student.head.loss_module,
        target=None,
        target_weight=torch.ones(2, NUM_KEYPOINTS),
        as_target=model._student_head.as_target,
        beta=ours)
    for form in ('kl', 'mse'):
        loss = MODELS.build(dict(type='LogitDistillLoss', form=form))
        assert loss(batch).item() == pytest.approx(0, abs=1e-7)
    # No gradient either where the teacher's output is the target.
    scores = tuple(part.detach().requires_grad_() for part in scores)
    batch.task_loss(scores, teacher_share=1.).backward()
    assert max(s.grad.abs().max() for s in scores) < 1e-7


def test_reverse_injection_reads_the_teachers_scores_as_it_means_them(pair):
    """A teacher that is certain of the truth loses nothing."""
    model = pair(with_beta(simcc(16, COLOUR), 10.), with_beta(simcc(16), 1.))
    head = model.teachers['teacher'].head
    truth = [torch.eye(128)[torch.randint(128, (2, NUM_KEYPOINTS))]
             for _ in range(2)]
    # 10 times these, as its own loss takes them, are logits of the truth.
    scores = head.convert(tuple(part * 5. for part in truth))
    loss = model.student.head.loss_module(
        scores, tuple(truth), torch.ones(2, NUM_KEYPOINTS))
    assert loss.item() == pytest.approx(0, abs=1e-12)


def test_logit_distillation_is_mmposes_kdloss(pair):
    model = pair(with_beta(rtmcc(16, COLOUR), 10.),
                 with_beta(rtmcc(16), 10.),
                 losses=dict(loss_ld=dict(
                     type='LogitDistillLoss', form='kl', loss_weight=2 * .1)))
    batch = batch_for(rtmcc())
    found = model.eval()(**batch, mode='loss')['loss_ld']
    ours, theirs = (net(batch['inputs'][name], None, 'tensor')
                    for net, name in ((model.student, 'thermal'),
                                      (model.teacher, 'rgb')))
    expected = KDLoss('', True, weight=.1)(ours, theirs, 10., None)
    torch.testing.assert_close(found, expected)
    assert expected > 1e-6


# ------------------------------------------------------------------- refused
def test_logit_distillation_of_offsets_is_refused_at_once(pair):
    def combined(*arguments):
        config = estimator(*arguments)
        config['head'].update(
            out_channels=3 * NUM_KEYPOINTS,
            loss=dict(type='CombinedTargetMSELoss', use_target_weight=True),
            decoder=dict(
                type='UDPHeatmap',
                heatmap_type='combined',
                input_size=(IMAGE_SIZE, IMAGE_SIZE),
                heatmap_size=(IMAGE_SIZE // 4, IMAGE_SIZE // 4)))
        return config

    with pytest.raises(ValueError, match='distill_losses.loss_ld: .*204 for '
                       '68 keypoints.*combined'):
        pair(combined(16, COLOUR), combined(),
             losses=dict(loss_ld=dict(type='LogitDistillLoss')))
    model = pair(combined(16, COLOUR), combined(),
                 losses=dict(loss_dikd=dict(
                     type='DIKDLoss', forward_target=.5, reverse_target=.5)))
    assert torch.isfinite(
        model(**batch_for(combined()), mode='loss')['loss_dikd'])


@MODELS.register_module()
class OwnLoss(DistillLoss):
    """Of a user; reads what it is told to."""

    def __init__(self, what, held=None):
        super().__init__()
        self.what, self.held = what, held
        self.calls = 0

    def forward(self, batch):
        self.calls += 1
        return self.what(batch)


@pytest.mark.parametrize('what, message', [
    (lambda b: (b.student_feature - b.teacher_feature).sum(),
     'RuntimeError.*size of tensor'),
    (lambda b: dict(loss=0.), 'TypeError: it returns a dict'),
    (lambda b: b.student_feature.sum() / 0, 'it is not finite'),
])
def test_a_loss_that_cannot_work_is_named_before_training(pair, what, message):
    with pytest.raises(ValueError, match=f'distill_losses.loss_own: {message}'):
        pair(estimator(16, COLOUR), estimator(8),
             losses=dict(loss_own=dict(type='OwnLoss', what=what)))


@pytest.mark.parametrize('held', [None, threading.Lock()])
def test_trying_a_loss_changes_nothing(pair, held):
    """Not the statistics of the student's head, nor the loss, nor chance."""
    def what(batch):
        assert held is None, 'what cannot be copied is not tried'
        return batch.student_head(batch.student_feature).mean()

    state = torch.get_rng_state()
    plain = pair(estimator(8, COLOUR), estimator(8), losses={'loss_x': dict(
        type='FeatureDistillLoss')}).student.head.state_dict()
    after = torch.get_rng_state()
    torch.set_rng_state(state)
    model = pair(estimator(8, COLOUR), estimator(8), losses=dict(
        loss_own=dict(type='OwnLoss', what=what, held=held)))
    assert torch.equal(torch.get_rng_state(), after)
    assert model.distill_losses['loss_own'].calls == 0
    for name, value in model.student.head.state_dict().items():
        assert torch.equal(value, plain[name]), name


@pytest.mark.parametrize('loss, adds_up', [
    (dict(type='KeypointMSELoss', use_target_weight=True), False),
    (dict(type='AdaptiveWingLoss', use_target_weight=True), False),
    (dict(type='FocalHeatmapLoss', use_target_weight=True), False),
    (dict(type='KeypointOHKMMSELoss', use_target_weight=True, topk=8), False),
])
def test_means_over_samples_are_told_from_sums(loss, adds_up):
    config = estimator(8)
    config['head']['loss'] = loss
    head = MODELS.build(config).head
    assert sums_over_samples(adapt_head(head), torch.rand(1, 68, 16, 16)) == adds_up


def test_a_task_loss_may_keep_an_axis(pair):
    """MMEngine takes the mean of what a loss returns."""
    student = estimator(8)
    student['head']['loss'] = dict(type='BCELoss', reduction='none',
                                   use_target_weight=False)
    losses = pair(estimator(16, COLOUR), student, losses=dict(
        loss_dikd=dict(type='DIKDLoss')))(**batch_for(student), mode='loss')
    assert torch.isfinite(losses['loss_dikd']).all()


@pytest.mark.parametrize('head', [regression, rle])
def test_coordinates_have_no_distribution_to_compare(pair, head):
    with pytest.raises(ValueError, match='loss_ld: .*Use form="mse"'):
        pair(head(16, COLOUR), head(8), losses=dict(
            loss_ld=dict(type='LogitDistillLoss', form='kl')))


# ------------------------------------------------------------- other layers
def test_features_of_named_layers_are_compared(pair):
    """Without connector where shapes agree; the loss can be done by hand."""
    model = pair(plain_heatmap(16, COLOUR), plain_heatmap(16), losses=dict(
        loss_stage=dict(type='FeatureDistillLoss', layers=dict(
            teacher='backbone.layer3', student='backbone.layer3')),
        loss_map=dict(type='FeatureDistillLoss', layers=dict(
            teacher='backbone[0]', student='backbone.layer2'))))
    model.eval()
    batch = batch_for(plain_heatmap())
    losses = model(**batch, mode='loss')
    student, teacher = (
        network.backbone(batch['inputs'][name]) for network, name in (
            (model.student, 'thermal'), (model.teacher, 'rgb')))
    for name, stage in (('loss_stage', 1), ('loss_map', 0)):
        expected = (student[stage] - teacher[stage]).square().mean()
        torch.testing.assert_close(losses[name], expected)
        assert expected > 0
    # Nothing is left behind in the networks.
    assert not any(module._forward_hooks for network in (
        model.student, model.teacher) for module in network.modules())


def test_named_layers_of_unlike_shapes_are_connected(pair):
    model = pair(plain_heatmap(16, COLOUR), estimator(8), losses=dict(
        loss_fd=dict(type='FeatureDistillLoss', layers=dict(
            teacher='neck', student='backbone.layer2'))))
    losses = model(**batch_for(estimator(8)), mode='loss')
    losses['loss_fd'].backward()
    backbone = model.student.backbone
    assert backbone.layer2[0].downsample[0].weight.grad.abs().sum() > 0
    assert backbone.layer3[0].downsample[0].weight.grad is None


def test_named_layers_see_pairs_alone(pair):
    """A sample without partner adds nothing at other layers either."""
    model = pair(plain_heatmap(16, COLOUR), plain_heatmap(16), losses=dict(
        loss_fd=dict(type='FeatureDistillLoss', layers=dict(
            teacher='backbone.layer3', student='backbone.layer3'))))
    model.eval()
    batch = batch_for(plain_heatmap())
    one = {name: images[:1] for name, images in batch['inputs'].items()}
    alone = model(one, batch['data_samples'][:1], mode='loss')['loss_fd']
    batch['data_samples'][1].set_metainfo(dict(missing_modalities=('rgb', )))
    found = model(**batch, mode='loss')['loss_fd']
    torch.testing.assert_close(found, alone / 2)


@pytest.mark.parametrize('layers, message', [
    (dict(teacher='backbone.layer9', student='backbone.layer3'),
     'no "backbone.layer9" in TopdownPoseEstimator. "backbone" has .*layer3'),
    (dict(teacher='backbone.layer3', student='head.decoder.x'),
     'no "head.decoder.x" .*"head" has'),
    (dict(teacher='backbone.layer3'), 'must name a layer of "teacher" and one'),
    (dict(teacher='head', student='data_preprocessor'), 'no feature map'),
])
def test_layers_that_cannot_be_compared_are_named(pair, layers, message):
    with pytest.raises(ValueError, match=f'distill_losses.loss_fd: .*{message}'
                       ):
        pair(estimator(16, COLOUR), estimator(8), losses=dict(
            loss_fd=dict(type='FeatureDistillLoss', layers=layers)))


def test_unlike_representations_are_refused(pair):
    with pytest.raises(ValueError, match='returns heatmaps.*SimCC vectors'):
        pair(estimator(16, COLOUR), simcc())
    with pytest.raises(ValueError, match='returns SimCC vectors.*heatmaps'):
        pair(simcc(16, COLOUR), estimator())


def test_unlike_vector_lengths_are_refused(pair):
    student = simcc(simcc_split_ratio=4., decoder=dict(
        SIMCC, simcc_split_ratio=4.))
    with pytest.raises(ValueError, match='simcc_split_ratio'):
        pair(simcc(16, COLOUR), student)


def test_unlike_codecs_are_refused(pair):
    student = estimator()
    student['head']['decoder']['type'] = 'UDPHeatmap'
    with pytest.raises(ValueError, match='MSRAHeatmap, the student\'s by UDP'):
        pair(estimator(16, COLOUR), student)


def test_codecs_that_encode_alike_are_alike(pair):
    codec = dict(input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5, unbiased=True)
    teacher, student = estimator(16, COLOUR), estimator()
    teacher['head']['decoder'] = dict(codec, type='MSRAHeatmap')
    student['head']['decoder'] = dict(codec, type='BorderRefinedHeatmap')
    pair(teacher, student)


def test_targets_of_another_codec_are_refused(pair):
    model = pair(estimator(16, COLOUR), estimator())
    batch = batch_for(plain_heatmap())
    with pytest.raises(ValueError, match='codec of GenerateTarget'):
        model(**batch, mode='loss')


# --------------------------------------------------- other sizes and points
@pytest.mark.parametrize('codec, arguments', [
    (MSRAHeatmap, dict(unbiased=True)),
    (UDPHeatmap, dict()),
])
def test_resampled_heatmaps_peak_at_the_same_landmark(codec, arguments):
    """Measured in input pixels."""
    point = np.array([[[21.3, 37.9]]], np.float32)
    encoder = codec((64, 64), (32, 32), sigma=3., **arguments)
    large = torch.from_numpy(encoder.encode(
        point, np.ones((1, 1), np.float32))['heatmaps'])[None]
    small = resample(large, (16, 16), align_corners=codec is UDPHeatmap)
    kernel = np.meshgrid(np.arange(16), np.arange(16))
    weight = small[0, 0].numpy()**4
    peak = np.array([(axis * weight).sum() / weight.sum() for axis in kernel])
    scale = 63 / 15 if codec is UDPHeatmap else 4
    # Half a pixel of the heatmap would be two of the input.
    assert peak * scale == pytest.approx(point[0, 0], abs=.3)


def test_resampling_picks_the_very_pixels_of_half_the_size():
    images = torch.rand(1, 2, 8, 6)
    torch.testing.assert_close(
        resample(images, (4, 3)), images[..., ::2, ::2])
    assert resample(images, (8, 6)) is images


def test_resampling_repeats_the_last_pixel_beyond_the_border():
    """Of twice the size, the last pixel lies half a pixel outside."""
    images = torch.rand(1, 1, 3, 3)
    torch.testing.assert_close(
        resample(images, (6, 6))[..., -1, -1], images[..., -1, -1])


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_does_not_move_landmarks(dtype):
    """Pixels beyond 256 are not whole numbers in bfloat16."""
    ramp = torch.linspace(0, 1, 300).expand(1, 1, 4, 300)
    exact = resample(ramp, (4, 200))
    found = resample(ramp.to(dtype), (4, 200))
    assert found.dtype == dtype
    # Half of what the type itself can tell apart near 1.
    assert (found.float() - exact).abs().max() <= torch.finfo(dtype).eps


def test_heads_output_of_another_size_keeps_udps_corners(pair):
    """What a head puts out is resampled by its own codec's convention."""
    def udp(width, normalisation=GREY, size=16):
        config = estimator(width, normalisation)
        config['head']['decoder'] = dict(
            type='UDPHeatmap', sigma=2.,
            input_size=(4 * size, ) * 2, heatmap_size=(size, size))
        return config

    model = pair(udp(8, COLOUR, size=32), udp(8))
    maps = torch.rand(1, NUM_KEYPOINTS, 32, 32)
    small = model.teachers['teacher'].head.convert(maps)
    corners = (..., slice(None, None, 15), slice(None, None, 15))
    torch.testing.assert_close(small[corners], maps[..., ::31, ::31])


def test_teacher_of_another_input_size(pair):
    """It sees its own size, and its heatmaps come back at the student's."""
    teacher = estimator(8, COLOUR)
    teacher['head']['decoder'].update(
        input_size=(128, 128), heatmap_size=(32, 32))
    model = pair(teacher, estimator(8))
    wrapped = model.teachers['teacher']
    assert wrapped.image_size == (128, 128)
    assert wrapped.feature_shape == (64, 4, 4)
    batch = batch_for(estimator(8))
    losses = model(**batch, mode='loss')
    assert all(torch.isfinite(loss) for loss in losses.values())
    feature = wrapped.feature(batch['inputs']['rgb'])
    assert wrapped.head(feature).shape == (2, NUM_KEYPOINTS, 16, 16)
    # Crops of its own size are taken as they are.
    batch['inputs']['rgb'] = torch.randn(2, 3, 128, 128)
    assert torch.isfinite(model(**batch, mode='loss')['loss_ld'])


@pytest.mark.parametrize('head', HEADS)
def test_teacher_with_more_keypoints_is_cut(pair, save_teacher, head):
    student = HEADS[head](8)
    teacher = HEADS[head](8, COLOUR)
    teacher['head'][
        'out_channels' if head in MAPS else 'num_joints'] = 98
    indices = keypoint_indices('wflw', '300w')
    model = pair(
        teacher,
        student,
        losses=dict(loss_ri=dict(type='DIKDLoss', forward_weight=0)),
        keypoints=dict(teacher='wflw', student='300w'))
    whole = MODELS.build(copy.deepcopy(teacher)).eval()
    from mmengine.runner import load_checkpoint
    load_checkpoint(whole, save_teacher.path, map_location='cpu')
    adapter = model.teachers['teacher'].head
    feature = torch.randn(2, *model.teachers['teacher'].feature_shape)
    with torch.no_grad():
        expected = adapt_head(whole.head)(feature)
        found = adapter(feature)
    for ours, theirs in zip(parts_of(found), parts_of(expected)):
        torch.testing.assert_close(ours, theirs[:, indices])
    assert torch.isfinite(model(**batch_for(student), mode='loss')['loss_ri'])


def test_keypoints_out_of_range_are_refused(pair):
    with pytest.raises(ValueError, match=r'in \[0, 68\).*got 1 to 68'):
        pair(estimator(16, COLOUR), estimator(), keypoints=range(1, 69))


def test_known_point_sets():
    wflw = keypoint_indices('wflw', '300w')
    assert len(wflw) == len(set(wflw)) == 68
    # Chin, nose tip, outer eye corners, mouth corners.
    assert [wflw[i] for i in (8, 30, 36, 45, 48, 54)
            ] == [16, 54, 60, 72, 76, 82]
    body = keypoint_indices('coco_wholebody', 'coco')
    assert body == list(range(17))
    with pytest.raises(ValueError, match='do not correspond to single points'):
        keypoint_indices('300w', 'wflw')
    with pytest.raises(ValueError, match='No point'):
        keypoint_indices('aflw', '300w')  # merely numbered


def test_mmposes_hrnetv2_for_wflw_teaches_68_points(pair):
    """Its config as it is, with the concatenation of its four maps."""
    folder = Path(mmpose.__file__).parent / '.mim/configs'
    config = Config.fromfile(
        str(folder / 'face_2d_keypoint/topdown_heatmap/wflw/'
            'td-hm_hrnetv2-w18_8xb64-60e_wflw-256x256.py'))
    teacher = copy.deepcopy(config.model.to_dict())
    teacher['backbone'].pop('init_cfg')  # weights of a model zoo
    student = copy.deepcopy(teacher)
    student['head']['out_channels'] = 68
    student['data_preprocessor'] = dict(type='PoseDataPreprocessor', **GREY)
    model = pair(
        teacher,
        student,
        losses=dict(loss_dikd=dict(type='DIKDLoss')),
        keypoints=dict(teacher='wflw', student='300w'))
    assert model.teachers['teacher'].feature_shape == (270, 64, 64)
    batch = batch_for(student)
    batch['inputs'] = {
        name: torch.randn(2, 3, 256, 256)
        for name in ('thermal', 'rgb')
    }
    losses = model(**batch, mode='loss')
    losses['loss_dikd'].backward()
    assert model.student.backbone.conv1.weight.grad.abs().sum() > 0
