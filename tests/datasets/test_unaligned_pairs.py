"""RGB images that lie elsewhere than the thermal ones, or are missing."""
import json
import shutil

import cv2
import numpy as np
import pytest
from mmengine.dataset import pseudo_collate
from mmpose.registry import TRANSFORMS
from set_on_disk import build

from mmpose_thermal.datasets.alignment import affine_between, as_homography
from mmpose_thermal.datasets.transforms.pair_topdown_affine import _in_order

# A camera of twice the resolution, turned and shifted, with perspective.
TO_RGB = np.array([[2.1, .25, 14.], [-.2, 1.9, 30.], [3e-4, -2e-4, 1.]])
RGB_SIZE = (260, 240)
CODEC = dict(
    type='MSRAHeatmap',
    input_size=(64, 64),
    heatmap_size=(16, 16),
    sigma=1.5)


def to_rgb_pixels(points):
    return cv2.perspectiveTransform(
        np.asarray(points, float).reshape(1, -1, 2), TO_RGB)[0]


@pytest.fixture
def unaligned(pairs_root, tmp_path):
    """The tiny data set, its RGB images as another camera saw them."""

    def make(field):
        root = shutil.copytree(pairs_root, tmp_path / field)
        path = root / 'annotations/train.json'
        content = json.loads(path.read_text())
        for image in content['images']:
            file = str(root / image['rgb_file_name'])
            cv2.imwrite(
                file, cv2.warpPerspective(cv2.imread(file), TO_RGB, RGB_SIZE))
            if field == 'rgb_homography':
                image[field] = np.linalg.inv(TO_RGB).ravel().tolist()
        for annotation in content['annotations']:
            points = np.array(annotation['keypoints'], float).reshape(-1, 3)
            points[:, :2] = to_rgb_pixels(points[:, :2])
            if field == 'rgb_keypoints':
                annotation[field] = points.ravel().tolist()
        path.write_text(json.dumps(content))
        return root

    return make


def samples(root, crop, seed=0, **arguments):
    """Six training samples; the seed decides about flip, turn and scale."""
    dataset = build(root, with_rgb=True, pipeline=[
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip'),
        dict(type='RandomBBoxTransform', shift_prob=0.),
        dict(type=crop, input_size=(64, 64)),
        dict(type='GenerateTarget', encoder=CODEC),
        dict(type='PackPairInputs'),
    ], **arguments)
    dataset.set_epoch_seed(seed)
    return [dataset[index] for index in range(6)]


def difference(first, second, modality):
    images = [s['inputs'][modality].numpy().astype(float)[:, 8:-8, 8:-8]
              for s in (first, second)]
    return np.abs(images[0] - images[1]).mean()


@pytest.mark.parametrize('field, tolerance', [('rgb_homography', 4),
                                              ('rgb_keypoints', 6)])
def test_unaligned_partner_is_warped_to_the_thermal_crop(
        pairs_root, unaligned, field, tolerance):
    """Flipped, turned and scaled alike: as if it had been aligned."""
    root = unaligned(field)
    for seed in range(3):
        expected = samples(pairs_root, 'TopdownAffine', seed)
        found = samples(root, 'PairTopdownAffine', seed)
        for aligned, warped in zip(expected, found):
            assert difference(aligned, warped, 'thermal') == 0
            # What is left is interpolating twice.
            assert difference(aligned, warped, 'rgb') < tolerance
            assert (aligned['data_samples'].gt_fields.heatmaps ==
                    warped['data_samples'].gt_fields.heatmaps).all()


def test_the_tolerance_above_would_notice_a_shift(pairs_root):
    sample = samples(pairs_root, 'TopdownAffine')[0]
    shifted = dict(inputs=dict(rgb=sample['inputs']['rgb'].roll(3, -1)))
    assert difference(sample, shifted, 'rgb') > 8


def test_aligned_pairs_are_cropped_as_mmpose_does(pairs_root):
    for ours, theirs in zip(
            samples(pairs_root, 'PairTopdownAffine'),
            samples(pairs_root, 'TopdownAffine')):
        for modality in ('thermal', 'rgb'):
            assert difference(ours, theirs, modality) == 0


def test_unaligned_pairs_cannot_slip_through(unaligned):
    with pytest.raises(ValueError, match='PairTopdownAffine'):
        samples(unaligned('rgb_homography'), 'TopdownAffine')


def test_partner_may_have_a_crop_of_its_own_size(pairs_root):
    image = np.random.default_rng(0).integers(
        0, 255, (96, 96, 3)).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 4)
    sample = dict(
        img=[image, image.copy()],
        bbox_center=np.array([[50., 45.]]),
        bbox_scale=np.array([[70., 70.]]),
        bbox_rotation=np.array([20.]))
    crop = TRANSFORMS.build(
        dict(
            type='PairTopdownAffine',
            input_size=(32, 32),
            partner_input_size=(64, 64)))
    small, large = crop(sample)['img']
    assert large.shape[:2] == (64, 64)
    # Every other pixel of the large crop is one of the small one.
    assert np.abs(large[::2, ::2].astype(int) - small).max() <= 2
    with pytest.raises(ValueError, match='aspect ratio'):
        TRANSFORMS.build(
            dict(
                type='PairTopdownAffine',
                input_size=(32, 32),
                partner_input_size=(64, 48)))


def test_affine_fit_ignores_points_that_one_image_lacks():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 90, (8, 2))
    matrix = np.array([[.5, .1, 3.], [-.1, .4, 7.], [0, 0, 1]])
    target = cv2.perspectiveTransform(points[None], matrix)[0]
    visible = np.array([2, 2, 1, 2, 0, 2, 2, 2])
    rgb = np.column_stack([points, np.roll(visible, 1)])
    thermal = np.column_stack([target, visible])
    rgb[4, :2] = thermal[4, :2] = -999  # unlabelled
    rgb[5, :2] = 0
    found = affine_between(rgb.ravel(), thermal.ravel())
    assert found == pytest.approx(matrix, abs=1e-9)


def test_homography_may_be_nested():
    matrix = as_homography(TO_RGB.tolist())
    assert (matrix == TO_RGB).all()


# ------------------------------------------------------------ missing partner
@pytest.fixture
def half_paired(pairs_root, tmp_path):
    root = shutil.copytree(pairs_root, tmp_path / 'copy')
    path = root / 'annotations/train.json'
    content = json.loads(path.read_text())
    for image in content['images'][::2]:
        (root / image.pop('rgb_file_name')).unlink()
    path.write_text(json.dumps(content))
    return root


def test_missing_partner_is_refused_unless_asked_for(half_paired):
    with pytest.raises(FileNotFoundError, match='000000_000.png" has no '
                       '"rgb_file_name".*require_rgb=False'):
        samples(half_paired, 'TopdownAffine')


def test_samples_without_partner_say_so(half_paired, pairs_root):
    found = samples(half_paired, 'TopdownAffine', require_rgb=False)
    whole = samples(pairs_root, 'TopdownAffine')
    for index, (sample, expected) in enumerate(zip(found, whole)):
        missing = sample['data_samples'].get('missing_modalities', ())
        assert missing == (('rgb', ) if index % 2 == 0 else ())
        assert bool(sample['inputs']['rgb'].any()) == (index % 2 == 1)
        assert difference(sample, expected, 'thermal') == 0
    batch = pseudo_collate(found)
    assert len(batch['inputs']['rgb']) == 6


def test_named_partner_that_does_not_exist_is_an_error_all_the_same(
        half_paired):
    path = half_paired / 'annotations/train.json'
    content = json.loads(path.read_text())
    content['images'][0]['rgb_file_name'] = 'rgb/gone.png'
    path.write_text(json.dumps(content))
    with pytest.raises(FileNotFoundError, match='RGB partner.*gone.png'):
        samples(half_paired, 'TopdownAffine', require_rgb=False)


# ---------------------------------------------------------------- randomness
def test_augmentation_depends_on_epoch_and_sample_alone(pairs_root):
    first = samples(pairs_root, 'TopdownAffine', seed=1)
    np.random.seed(99)
    again = samples(pairs_root, 'TopdownAffine', seed=1)
    other = samples(pairs_root, 'TopdownAffine', seed=2)
    for a, b in zip(first, again):
        assert difference(a, b, 'rgb') == 0
    assert all(difference(a, b, 'rgb') > 0 for a, b in zip(first, other))
    turns = {s['data_samples'].metainfo['input_scale'].tobytes()
             for s in first}
    assert len(turns) == 6  # each sample in its own way


@pytest.mark.parametrize('axes', [(), (0, ), (1, ), (0, 1)])
def test_flipped_views_are_put_in_order(axes):
    view = np.flip(np.random.default_rng(0).integers(0, 255, (5, 7, 3),
                                                     np.uint8), axes)
    found = _in_order(view)
    assert (found == view).all() and min(found.strides) > 0
