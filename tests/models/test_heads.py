"""Every kind of head on either side, and what is refused."""
import copy
from pathlib import Path

import mmpose
import numpy as np
import pytest
import torch
from conftest import (COLOUR, GREY, IMAGE_SIZE, NUM_KEYPOINTS, SIMCC,
                      estimator, rtmcc, simcc)
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from mmpose.codecs import MSRAHeatmap, UDPHeatmap
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample

from mmpose_thermal.datasets.point_sets import keypoint_indices
from mmpose_thermal.models.distillers.grid import resample
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


def batch_for(config, num_keypoints=NUM_KEYPOINTS):
    """Two samples with the targets that a head trains on."""
    codec = KEYPOINT_CODECS.build(copy.deepcopy(config['head']['decoder']))
    rng, samples = np.random.default_rng(0), []
    for _ in range(2):
        encoded = codec.encode(
            rng.uniform(8, 56, (1, num_keypoints, 2)).astype(np.float32),
            np.ones((1, num_keypoints), np.float32))
        sample = PoseDataSample()
        labels = dict(keypoint_weights=torch.from_numpy(
            np.asarray(encoded['keypoint_weights'])).float())
        for key in ('keypoint_x_labels', 'keypoint_y_labels'):
            if key in encoded:
                labels[key] = torch.from_numpy(encoded[key]).float()
        if 'heatmaps' in encoded:
            sample.gt_fields = PixelData(
                heatmaps=torch.from_numpy(encoded['heatmaps']))
        sample.gt_instance_labels = InstanceData(**labels)
        samples.append(sample)
    return dict(
        inputs={
            name: torch.randn(2, 3, IMAGE_SIZE, IMAGE_SIZE)
            for name in ('thermal', 'rgb')
        },
        data_samples=samples)


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
                distill_losses=losses or dict(
                    loss_fi=dict(type='DIKDLoss', reverse_weight=0),
                    loss_ri=dict(type='DIKDLoss', forward_weight=0),
                    loss_teacher=dict(type='DIKDLoss', target='teacher'),
                    loss_fd=dict(type='FeatureDistillLoss', form='cwd'),
                    loss_ld=dict(type='LogitDistillLoss', form='kl'),
                    loss_mse=dict(type='LogitDistillLoss')),
                data_preprocessor=dict(
                    type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR)))
        model.init_weights()
        with torch.no_grad():  # heads start near zero
            for parameter in model.student.head.parameters():
                parameter.add_(.1 * torch.randn_like(parameter))
        return model.train()

    return build


HEADS = dict(
    deconvolutions=estimator,
    plain=plain_heatmap,
    simcc=simcc,
    rtmcc=rtmcc)
PAIRS = [('deconvolutions', 'deconvolutions'), ('plain', 'plain'),
         ('simcc', 'simcc'), ('rtmcc', 'rtmcc'), ('rtmcc', 'simcc'),
         ('simcc', 'rtmcc')]


@pytest.mark.parametrize('level', ['ktl', 'mcl'])
@pytest.mark.parametrize('teacher_head, student_head', PAIRS)
def test_all_losses_flow_where_they_must(pair, teacher_head, student_head,
                                         level):
    """KTL between equal widths, MCL between unlike ones."""
    student = HEADS[student_head](16 if level == 'ktl' else 8)
    model = pair(HEADS[teacher_head](16, COLOUR), student)
    before = copy.deepcopy(model.teacher.state_dict())
    losses = model(**batch_for(student), mode='loss')
    backbone, head = (model.student.backbone.conv1.weight,
                      next(model.student.head.parameters()))
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
    model = pair(HEADS[head](16, COLOUR), student)
    batch = batch_for(student)
    own = model.student.loss(batch['inputs']['thermal'],
                             batch['data_samples'])['loss_kpt']
    torch.testing.assert_close(model(**batch, mode='loss')['loss_kpt'], own)


def test_soft_target_is_the_distribution_that_the_teacher_means(pair):
    """A student that says what its teacher says has nothing to learn."""
    for teacher, student in ((rtmcc(16, COLOUR), rtmcc(16)),
                             (simcc(16, COLOUR), simcc(16))):
        model = pair(teacher, student)
        model.student.head.load_state_dict(model.teacher.head.state_dict())
        scores = model.teacher.head.forward(
            (torch.randn(2, 128, 2, 2), ))
        loss = model.student.head.loss_module
        from mmpose_thermal.models.distillers.heads import teacher_target
        target = tuple(part.detach() for part in teacher_target(
            model.teacher.head, model.student.head)(scores))
        scores = tuple(part.detach().requires_grad_() for part in scores)
        loss(scores, target, torch.ones(2, NUM_KEYPOINTS)).backward()
        assert max(s.grad.abs().max() for s in scores) < 1e-8


# ------------------------------------------------------------------- refused
def test_unlike_representations_are_refused(pair):
    with pytest.raises(ValueError, match='puts out heatmaps.*SimCC vectors'):
        pair(estimator(16, COLOUR), simcc())
    with pytest.raises(ValueError, match='puts out SimCC vectors.*heatmaps'):
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


def test_regression_head_is_refused(pair):
    student = estimator()
    student['head'] = dict(
        type='RegressionHead',
        in_channels=128,
        num_joints=NUM_KEYPOINTS,
        loss=dict(type='SmoothL1Loss'))
    student['neck'] = dict(type='GlobalAveragePooling')
    with pytest.raises(TypeError, match='student.config.*RegressionHead'):
        pair(estimator(16, COLOUR), student)


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
    teacher['head']['out_channels'] = 98
    indices = keypoint_indices('wflw', '300w')
    model = pair(teacher, student, keypoints=dict(
        teacher='wflw', student='300w'))
    whole = MODELS.build(copy.deepcopy(teacher)).eval()
    from mmengine.runner import load_checkpoint
    load_checkpoint(whole, save_teacher.path, map_location='cpu')
    feature = torch.randn(2, *model.teachers['teacher'].feature_shape)
    with torch.no_grad():
        expected = whole.head.forward((feature, ))
        found = model.teachers['teacher'].head(feature)
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
    with pytest.raises(ValueError, match='points .* are not known'):
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
