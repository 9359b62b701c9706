import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from scipy.stats import spearmanr

from mmpose_thermal.synthetic import (SyntheticSpec, View, automatic_gain,
                                      expose, make_synthetic_pairs,
                                      pictures_of, render_pair,
                                      sample_subject, sample_view)
from mmpose_thermal.synthetic.cameras import SENSORS
from mmpose_thermal.synthetic.head import FLIP_INDICES, Head
from mmpose_thermal.synthetic.rasterizer import rasterize

SPEC = SyntheticSpec(train=4, val=1, test=1, extra=1, per_subject=2, size=64)


def frontal_view(**changes):
    return View(**{
        **dict(
            yaw=0., pitch=0., roll=0., distance_cm=100., face_fraction=.7,
            shift=np.zeros(2), mouth_open=0., smile=0., brow_raise=0.,
            eye_closure=0., gaze=np.zeros(2), glasses=False),
        **changes
    })


def render(seed=0, size=128, bald=False, **changes):
    rng = np.random.default_rng(seed)
    subject = sample_subject(rng)
    if bald:
        subject = replace(subject, hair_style='bald', hair_length_cm=0.)
    return render_pair(subject, frontal_view(**changes), rng, size)


def files(root):
    return {
        path.relative_to(root): path.read_bytes()
        for path in sorted(root.rglob('*')) if path.is_file()
    }


# ------------------------------------------------------------------ rasteriser
def test_rasteriser_agrees_with_the_definition():
    """Against a slow loop over pixels and triangles."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-5, 37, (30, 2))
    depth = rng.uniform(1, 9, 30)
    triangles = rng.integers(0, 30, (40, 3))
    raster = rasterize(points, depth, triangles, 32, 32)
    expected = np.full((32, 32), np.inf)
    for a, b, c in triangles:
        matrix = np.array([points[b] - points[a], points[c] - points[a]]).T
        if np.linalg.det(matrix) <= 1e-6:
            continue
        for y in range(32):
            for x in range(32):
                w1, w2 = np.linalg.solve(matrix, [x, y] - points[a])
                if w1 >= 0 and w2 >= 0 and w1 + w2 <= 1:
                    z = (1 - w1 - w2) * depth[a] + w1 * depth[b] + \
                        w2 * depth[c]
                    expected[y, x] = min(expected[y, x], z)
    agree = np.isclose(raster.depth, expected, rtol=1e-4) | (
        np.isinf(raster.depth) & np.isinf(expected))
    assert agree.mean() > .995  # pixel centres on an edge may go either way
    position = raster.interpolate(points)
    y, x = np.divmod(raster.pixels, 32)
    np.testing.assert_allclose(position, np.stack([x, y], 1), atol=1e-3)


def test_rasteriser_of_nothing():
    raster = rasterize(
        np.zeros((3, 2)), np.ones(3), np.array([[0, 1, 2]]), 4, 4)
    assert len(raster.pixels) == 0 and np.isinf(raster.depth).all()


# ------------------------------------------------------------------- landmarks
def test_flip_indices_are_mmposes():
    metainfo = parse_pose_metainfo(
        dict(from_file='configs/_base_/datasets/300w.py'))
    assert metainfo['flip_indices'] == FLIP_INDICES.tolist()


def test_frontal_landmarks_are_symmetric():
    rng = np.random.default_rng(3)
    subject = replace(sample_subject(rng), asymmetry_cm=np.zeros(4))
    head = Head(subject, frontal_view())
    points = head.landmarks()
    np.testing.assert_allclose(
        points[FLIP_INDICES] * [-1, 1, 1], points, atol=1e-6)


def test_landmarks_have_the_ibug_order():
    points = render().keypoints
    assert points[0, 0] < points[8, 0] < points[16, 0]
    assert points[17:27, 1].max() < points[36:48, 1].min()
    assert points[36:48, 1].max() < points[30, 1] < points[51, 1]
    assert points[51, 1] < points[57, 1] < points[8, 1]
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]


def test_eye_landmarks_frame_the_painted_eye():
    """The sclera and iris differ from the skin around, point for point."""
    pair = render(seed=1, size=256)
    mask = np.zeros(pair.rgb.shape[:2], np.uint8)
    eye = np.round(pair.keypoints[36:42]).astype(np.int32)
    cv2.fillPoly(mask, [eye], 1)
    inside = pair.rgb[cv2.erode(mask, np.ones((3, 3))) > 0].astype(float)
    ring = cv2.dilate(mask, np.ones((9, 9))) - cv2.dilate(
        mask, np.ones((5, 5)))
    outside = pair.rgb[ring > 0].astype(float)
    assert inside.std(0).mean() > 1.5 * outside.std(0).mean()


@pytest.mark.parametrize('side', [-1, 1])
def test_far_jaw_lies_on_the_outline(side):
    """Where an annotator places it: a few pixels further out is no face."""
    pair = render(bald=True, size=256, yaw=side * np.radians(30.))
    far = [13, 14, 15] if side > 0 else [1, 2, 3]
    for x, y in pair.keypoints[far].round().astype(int):
        assert pair.person[y, x - 3 * side]
        assert not pair.person[y, x + 3 * side]
    near = [1, 2, 3] if side > 0 else [13, 14, 15]
    assert pair.visible[near].all() and pair.visible[far].all()


def test_open_mouth_parts_the_inner_lips():
    shut, wide = (render(mouth_open=value).keypoints for value in (0., 1.))
    gap = [p[66, 1] - p[62, 1] for p in (shut, wide)]
    assert gap[1] > gap[0] + 4


# ------------------------------------------------------------------ modalities
def test_glasses_are_cold_and_opaque_in_thermal():
    with_glasses, without = (
        render(seed=2, glasses=value) for value in (True, False))
    x, y = np.round(without.keypoints[36:42].mean(0)).astype(int)
    eye = (slice(y - 2, y + 3), slice(x - 2, x + 3))
    assert with_glasses.temperature_k[eye].mean() < \
        without.temperature_k[eye].mean() - 2


def test_temperatures_are_those_of_a_person():
    pair = render(seed=4)
    x, y = np.round(pair.keypoints[27] - [0, 6]).astype(int)
    celsius = pair.temperature_k - 273.15
    assert 29 < celsius[y, x] < 37
    assert celsius.min() > 5 and celsius.max() < 60


def test_thermal_has_less_contrast_inside_the_face_than_rgb():
    """Contrast of the inner face over that of the whole picture."""
    ratios = []
    for seed in range(12):
        pair = render(seed, size=128)
        grey = automatic_gain(pair.temperature_k).astype(float)
        visible = cv2.cvtColor(pair.rgb, cv2.COLOR_BGR2GRAY).astype(float)
        low = np.floor(pair.keypoints[17:].min(0)).astype(int)
        high = np.ceil(pair.keypoints[17:].max(0)).astype(int)
        face = (slice(low[1], high[1]), slice(low[0], high[0]))
        edges = [
            np.abs(cv2.Laplacian(image[face], cv2.CV_64F)).mean() /
            image.std() for image in (grey, visible)
        ]
        ratios.append(edges[0] / edges[1])
    assert np.median(ratios) < .5


def test_automatic_gain_uses_the_grey_range():
    grey = automatic_gain(render().temperature_k)
    assert grey.dtype == np.uint8
    assert grey.min() == 0 and grey.max() == 255


@pytest.mark.parametrize(
    'sensor, gain',
    [(name, gain) for name, kind in SENSORS.items() for gain in kind.gains])
def test_every_gain_shows_the_face(sensor, gain):
    pair = render(seed=3, size=96)
    grey = expose(pair.temperature_k, pair.person, pair.keypoints, sensor,
                  gain, np.random.default_rng(0))
    assert grey.dtype == np.uint8 and grey.shape == (96, 96)
    x, y = pair.keypoints[33].round().astype(int)
    assert grey[y - 12:y + 12, x - 12:x + 12].mean() > 60
    if gain == 'cutout':
        assert grey[:4].max() == grey[:, :4].max() == 0


def test_faces_have_the_contrast_of_real_ones():
    """Medians of 60 real faces: 30 grey levels in the face, 2.3 fine ones."""
    contrast, fine = [], []
    for person in range(16):
        picture = next(
            pictures_of(SyntheticSpec(size=192), 'train', person, 1))
        points = np.reshape(picture.faces[0]['keypoints'], (68, 3))[:, :2]
        mask = np.zeros(picture.thermal.shape, np.uint8)
        hull = cv2.convexHull(points.astype(np.float32))
        cv2.fillPoly(mask, [hull.round().astype(np.int32)], 1)
        grey = picture.thermal.astype(np.float32)
        contrast.append(grey[mask > 0].std())
        band = cv2.GaussianBlur(grey, (0, 0), .7) - cv2.GaussianBlur(
            grey, (0, 0), 1.4)
        fine.append(band[cv2.erode(mask, np.ones((5, 5))) > 0].std())
    assert 20 < np.median(contrast) < 42
    assert 1.3 < np.median(fine) < 4


def test_brows_and_nose_are_cold_and_canthi_warm():
    colder, cooler, warmer = [], [], []
    for seed in range(8):
        pair = render(seed, 192, bald=True)
        x, y = pair.keypoints.round().astype(int).T

        def kelvin(index, dy=0):
            return pair.temperature_k[y[index] + dy, x[index]].mean()

        forehead = kelvin([19, 24], -14)
        colder.append(forehead - kelvin([19, 24], 2))
        cooler.append(forehead - kelvin([30]))
        warmer.append(kelvin([39, 42]) - kelvin([31, 35]))
    assert np.median(colder) > .4
    assert np.median(cooler) > .4
    assert np.median(warmer) > .4


@pytest.mark.parametrize('cover, hidden, seen', [
    (dict(mask=True), [51, 57, 8], [27, 36, 45]),
    (dict(scarf=True), [], [27, 36, 45]),
    (dict(headwear='beanie'), [], [30, 48, 54]),
    (dict(headwear='cap'), [], [30, 48, 54]),
    (dict(headwear='hood'), [], [30, 36, 45]),
])
def test_covers_hide_the_landmarks_below_them(cover, hidden, seen):
    pair, bare = render(seed=5, **cover), render(seed=5)
    np.testing.assert_allclose(pair.keypoints, bare.keypoints)
    assert not pair.visible[hidden].any()
    assert pair.visible[seen].all()
    assert np.abs(pair.temperature_k - bare.temperature_k).max() > 2


def test_a_hand_hides_landmarks():
    assert render(hand=True).visible.sum() < render().visible.sum()


# -------------------------------------------------------------------- data set
def test_files_depend_on_the_spec_and_not_on_jobs(tmp_path):
    for name, jobs in (('a', 1), ('b', 2)):
        make_synthetic_pairs(str(tmp_path / name), SPEC, jobs)
    assert files(tmp_path / 'a') == files(tmp_path / 'b')


def test_other_seed_gives_other_faces(tmp_path):
    make_synthetic_pairs(str(tmp_path / 'a'), SPEC)
    make_synthetic_pairs(
        str(tmp_path / 'b'), SyntheticSpec(**{**vars(SPEC), 'seed': 1}))
    name = 'thermal/test/200000_000.png'
    assert (tmp_path / 'a' / name).read_bytes() != (
        tmp_path / 'b' / name).read_bytes()


def test_interrupted_rendering_is_completed(tmp_path, monkeypatch):
    from mmpose_thermal.synthetic import pictures
    whole = tmp_path / 'whole'
    make_synthetic_pairs(str(whole), SPEC)
    real, rendered = pictures.render_pair, []

    def render(*args, **kwargs):
        if len(rendered) == 3:
            raise KeyboardInterrupt
        rendered.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(pictures, 'render_pair', render)
    with pytest.raises(KeyboardInterrupt):
        make_synthetic_pairs(str(tmp_path / 'part'), SPEC)
    monkeypatch.setattr(
        pictures, 'render_pair',
        lambda *a, **k: rendered.append(a) or real(*a, **k))
    make_synthetic_pairs(str(tmp_path / 'part'), SPEC)
    assert files(tmp_path / 'part') == files(whole)
    # Of seven pictures the first person's two were not rendered again.
    assert len(rendered) == 3 + 5


def test_folder_of_another_spec_is_refused(tmp_path):
    make_synthetic_pairs(str(tmp_path), SPEC)
    other = SyntheticSpec(**{**vars(SPEC), 'train': 5})
    with pytest.raises(FileExistsError, match='another specification'):
        make_synthetic_pairs(str(tmp_path), other)


def test_16_bit_files_are_centikelvin_of_the_same_picture(pairs_root):
    content = json.loads(
        (pairs_root / 'annotations/test_16bit.json').read_text())
    for image in content['images']:
        raw = cv2.imread(
            str(pairs_root / image['file_name']), cv2.IMREAD_UNCHANGED)
        grey = cv2.imread(
            str(pairs_root / image['file_name']).replace(
                'thermal16', 'thermal'), cv2.IMREAD_UNCHANGED)
        assert raw.dtype == np.uint16 and grey.dtype == np.uint8
        assert 273 < raw.mean() * image['temperature_scale'] < 320
        # Gain, saturation and video differ; which is warmer does not.
        order = spearmanr(raw.ravel(), grey.ravel()).statistic
        assert order < -.5 if image['black_hot'] else order > .5


def test_teacher_sees_more_faces_than_there_are_pairs(pairs_root):
    counts = {
        name: len(json.loads((pairs_root / f'annotations/{name}.json'
                              ).read_text())['images'])
        for name in ('train', 'rgb_train', 'val', 'rgb_val')
    }
    assert counts == dict(train=6, rgb_train=8, val=3, rgb_val=3)


def test_wide_poses_and_both_sides_occur():
    yaws = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        yaws.append(np.degrees(sample_view(rng, sample_subject(rng)).yaw))
    assert min(yaws) < -45 and max(yaws) > 45
    assert np.abs(yaws).max() <= 60


def test_difficulty_spreads_poses_and_covers_faces():
    def views(difficulty):
        for seed in range(150):
            rng = np.random.default_rng(seed)
            yield sample_view(rng, sample_subject(rng), 60, difficulty)

    easy, hard = (list(views(difficulty)) for difficulty in (0., 1.))
    for field in ('yaw', 'pitch', 'roll', 'mouth_open'):
        spread = [
            np.std([getattr(view, field) for view in some])
            for some in (easy, hard)
        ]
        assert spread[1] > 1.2 * spread[0]
    assert not any(view.mask or view.hand or view.scarf for view in easy)
    assert sum(view.mask or view.hand or view.scarf for view in hard) > 15
    with pytest.raises(ValueError, match='difficulty must be from 0 to 1'):
        SyntheticSpec(difficulty=2.)


def test_attributes_are_annotated(pairs_root):
    content = json.loads((pairs_root / 'annotations/val.json').read_text())
    for image in content['images']:
        assert image['sensor'] in SENSORS
        assert image['gain'] in SENSORS[image['sensor']].gains
        assert {'hair', 'beard', 'mask', 'headwear', 'glasses'} <= set(image)


@pytest.mark.parametrize('field', ['train', 'size', 'per_subject'])
def test_spec_without_pictures_is_refused(field):
    with pytest.raises(ValueError, match=field):
        SyntheticSpec(**{field: 0})


def test_statistics_are_compared_with_those_of_real_faces(run_tool, pairs_root,
                                                          tmp_path):
    """Rendered ones of another seed stand for real ones."""
    sheet = tmp_path / 'sheet.png'
    printed = run_tool('dev/compare_statistics',
                       pairs_root / 'annotations/train.json', '--count', 10,
                       '--sheet', sheet)
    line = next(line for line in printed.splitlines() if 'nose offset' in line)
    assert np.isfinite(float(line.split()[4]))
    assert cv2.imread(str(sheet)).shape == (128, 1280, 3)
