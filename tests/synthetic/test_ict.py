"""Heads of ICT-FaceKit's shape, mostly on a stand-in for its files.

The stand-in holds our own parametric head in the layout of FaceXModel/: read
back as ICT-FaceKit, it must be that head again.
"""
import json
import os
import subprocess
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from mmpose_thermal.synthetic import (SyntheticSpec, View, ict_shapes,
                                      make_synthetic_pairs, render_pair,
                                      sample_subject)
from mmpose_thermal.synthetic.head import FLIP_INDICES, Head
from mmpose_thermal.synthetic.ict_fit import _mean_landmarks, fit_to_mean_face
from mmpose_thermal.synthetic.ict_head import IctHead, _fitted, head_maker
from mmpose_thermal.synthetic.ict_shapes import EXPRESSIONS, load_ict_shapes

SPEC = SyntheticSpec(
    train=2, val=1, test=1, extra=1, per_subject=1, size=64, head='ict')
LOWER_LIP = [55, 56, 57, 58, 59, 65, 66, 67]


def view(**changes):
    return View(**{
        **dict(
            yaw=0., pitch=0., roll=0., distance_cm=100., face_fraction=.7,
            shift=np.zeros(2), mouth_open=0., smile=0., brow_raise=0.,
            eye_closure=0., gaze=np.zeros(2), glasses=False),
        **changes
    })


def person(seed=0):
    return replace(
        sample_subject(np.random.default_rng(seed)), hair_style='bald',
        hair_length_cm=0., brow_height_cm=0.)


# ------------------------------------------------------------------- stand-in
def write_obj(path, vertices, faces):
    """In its axes: y up from the eyes' height, z from another origin."""
    x, y, z = vertices.T
    lines = [f'v {a:.5f} {b:.5f} {c:.5f}' for a, b, c in zip(
        x, 3.45 - y, z + 1.8)]
    lines += ['f ' + ' '.join(f'{i}/{i}' for i in face) for face in faces]
    path.write_text('\n'.join(lines) + '\n')


@pytest.fixture(scope='session')
def checkout(tmp_path_factory):
    """A folder as of a clone: with a mode that widens, and an open jaw."""
    root = tmp_path_factory.mktemp('ict')
    folder = root / 'FaceXModel'
    folder.mkdir()
    side = np.arange(45, 181, 5.)
    theta = np.radians(np.concatenate(
        [-side[::-1], np.arange(-42, 43, 2.), side]))
    y = np.linspace(-12.4, 13, 110)
    head = Head(person(), view())
    vertices = head.surface(*np.meshgrid(theta, y)).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(len(y), len(theta)) + 1
    faces = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:],
                      index[:-1, 1:]], -1).reshape(-1, 4)
    distance = np.linalg.norm(
        vertices[:, None] - head.landmarks()[None], axis=-1)
    landmarks = distance.argmin(0)
    (folder / 'vertex_indices.json').write_text(
        json.dumps(dict(idx_to_landmark_verts=landmarks.tolist())))
    write_obj(folder / 'generic_neutral_mesh.obj', vertices, faces)
    write_obj(folder / 'identity000.obj', vertices * [1.05, 1, 1], [])
    low = vertices[landmarks[66], 1] - .05
    opened = vertices + np.where(vertices[:, 1:2] > low, [0, 3, 0], 0)
    write_obj(folder / 'jawOpen.obj', opened, [])
    write_obj(folder / 'identity001.obj', vertices, [])
    unchanged = (folder / 'identity001.obj').read_text()
    for name in ict_shapes._IDENTITIES[2:] + EXPRESSIONS:
        if name != 'jawOpen':
            (folder / f'{name}.obj').write_text(unchanged)
    return root


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    """A cache that all tests share, but not with the user."""
    folder = tmp_path_factory.getbasetemp() / 'ict_cache'
    monkeypatch.setenv('XDG_CACHE_HOME', str(folder))
    load_ict_shapes.cache_clear()
    _fitted.cache_clear()
    return folder


# ------------------------------------------------------------------- geometry
def test_surface_is_that_of_the_mesh(checkout):
    own = Head(person(), view())
    shapes = load_ict_shapes(str(checkout))
    flat = replace(shapes, identity=0 * shapes.identity)
    ict = IctHead(person(), view(), flat, np.zeros((10, 2)))
    np.testing.assert_allclose(ict.landmarks(), own.landmarks(), atol=.35)
    assert np.abs(ict.landmarks() - own.landmarks()).mean() < .12
    theta, y = np.meshgrid(np.radians(np.arange(-60, 61, 10.)),
                           np.arange(-2., 9))
    points = ict.surface(theta, y)
    assert np.abs(points[..., 1] - y).max() < 1e-6
    # The same place of the plane, in depth.
    chart = own.to_chart(points[..., :2])
    assert np.median(np.abs(own.surface(*np.moveaxis(chart, -1, 0)) -
                            points)) < .02


def test_mean_landmarks_are_drawn_to_our_mean_face(checkout):
    shapes = load_ict_shapes(str(checkout))
    low = replace(shapes, mean=shapes.mean.copy())
    mouth = low.mean[:, 1] > low.mean[shapes.landmarks[33], 1]
    low.mean[mouth, 1] += .8
    fitted, _ = fit_to_mean_face(low)
    heights = [
        points[48:68, 1].mean() - points[36:48, 1].mean() for points in (
            low.mean[shapes.landmarks], fitted.mean[shapes.landmarks],
            _mean_landmarks())
    ]
    assert abs(heights[1] - heights[2]) < .3 * abs(heights[0] - heights[2])


def test_people_have_shapes_of_their_own(checkout):
    make_head = head_maker('ict', str(checkout))
    widths = [
        np.ptp(make_head(person(seed), view()).plane[:17, 0])
        for seed in range(6)
    ]
    assert np.std(widths) > .2
    again = np.ptp(make_head(person(3), view()).plane[:17, 0])
    assert again == widths[3]


@pytest.mark.parametrize('yaw_deg', [0, 30])
def test_eyes_are_painted_between_their_landmarks(checkout, yaw_deg):
    pair = render_pair(
        person(1), view(yaw=np.radians(yaw_deg)), np.random.default_rng(1),
        256, make_head=head_maker('ict', str(checkout)))
    assert pair.visible[36:42].all()
    mask = np.zeros(pair.rgb.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(pair.keypoints[36:42]).astype(np.int32)], 1)
    ring = cv2.dilate(mask, np.ones((9, 9))) - cv2.dilate(
        mask, np.ones((5, 5)))
    inside = pair.rgb[cv2.erode(mask, np.ones((3, 3))) > 0].astype(float)
    outside = pair.rgb[ring > 0].astype(float)
    assert inside.std(0).mean() > 1.5 * outside.std(0).mean()


def test_open_mouth_parts_the_lips(checkout):
    make_head = head_maker('ict', str(checkout))
    shut, wide = (make_head(person(), view(mouth_open=value))
                  for value in (0., 1.))
    drop = wide.plane[LOWER_LIP, 1] - shut.plane[LOWER_LIP, 1]
    assert (drop > 1.5).all()
    assert wide.chin_y > shut.chin_y + 1.5
    np.testing.assert_allclose(wide.plane[36:48], shut.plane[36:48])


# ------------------------------------------------------------------- sources
def test_git_directory_and_checkout_are_the_same(checkout, tmp_path):
    bare = tmp_path / 'bare.git'
    git = ['git', '-c', 'user.name=a', '-c', 'user.email=a@b.c']
    subprocess.run(git[:1] + ['init', '--quiet', '--bare', bare], check=True)
    inside = git + ['--git-dir', str(bare), '--work-tree', str(checkout)]
    subprocess.run(inside + ['add', '.'], check=True)
    subprocess.run(inside + ['commit', '--quiet', '-m', 'shapes'], check=True)
    plain = load_ict_shapes(str(checkout))
    for name, values in asdict(load_ict_shapes(str(bare))).items():
        np.testing.assert_array_equal(values, getattr(plain, name))


def test_shapes_are_read_once(checkout, monkeypatch):
    load_ict_shapes(str(checkout))
    load_ict_shapes.cache_clear()
    monkeypatch.setattr(ict_shapes, '_read_shapes', None)
    assert len(load_ict_shapes(str(checkout)).mean) > 1000


def test_changed_checkout_is_read_again(checkout, tmp_path):
    other = tmp_path / 'other'
    (other / 'FaceXModel').mkdir(parents=True)
    for path in (checkout / 'FaceXModel').iterdir():
        os.link(path, other / 'FaceXModel' / path.name)
    before = load_ict_shapes(str(other))
    load_ict_shapes.cache_clear()
    mode = other / 'FaceXModel/identity001.obj'
    mode.unlink()
    mode.write_text((other / 'FaceXModel/identity000.obj').read_text())
    after = load_ict_shapes(str(other))
    assert not before.identity[1].any() and after.identity[1].any()


@pytest.mark.parametrize('content', [[], ['FaceXModel'], ['HEAD']])
def test_folder_without_the_shapes_is_refused(tmp_path, content):
    for name in content:
        if name == 'HEAD':
            (tmp_path / name).write_text('ref: refs/heads/main')
        else:
            (tmp_path / name).mkdir()
    with pytest.raises(FileNotFoundError, match='git clone'):
        make_synthetic_pairs(str(tmp_path / 'out'), SPEC,
                             ict_dir=str(tmp_path))
    assert not (tmp_path / 'out').exists()


def test_head_and_folder_go_together():
    with pytest.raises(ValueError, match='--ict-dir'):
        head_maker('ict')
    with pytest.raises(ValueError, match='--head ict'):
        head_maker('parametric', 'somewhere')
    with pytest.raises(ValueError, match='head must be one of'):
        SyntheticSpec(head='square')


# ------------------------------------------------------------------ data sets
def test_data_set_of_ict_heads(checkout, tmp_path, run_tool):
    one, two = tmp_path / 'one', tmp_path / 'two'
    make_synthetic_pairs(str(one), SPEC, ict_dir=str(checkout))
    run_tool('misc/make_synthetic_pairs', two, '--train', 2, '--val', 1,
             '--test', 1, '--extra', 1, '--per-subject', 1, '--size', 64,
             '--head', 'ict', '--ict-dir', checkout, '--jobs', 1)
    names = sorted(p.relative_to(one) for p in one.rglob('*') if p.is_file())
    assert len(names) > 15
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes()
    # A finished data set needs its shapes no more.
    paths = make_synthetic_pairs(str(one), SPEC)
    parametric = tmp_path / 'parametric'
    make_synthetic_pairs(str(parametric), replace(SPEC, head='parametric'))
    name = json.loads(open(paths['train']).read())['images'][0]['file_name']
    assert (cv2.imread(str(one / name)) != cv2.imread(
        str(parametric / name))).any()


def test_data_set_from_before_there_were_two_heads_is_complete(tmp_path):
    spec = replace(SPEC, head='parametric')
    make_synthetic_pairs(str(tmp_path), spec)
    marker = tmp_path / 'synthetic.json'
    state = json.loads(marker.read_text())
    del state['spec']['head']
    marker.write_text(json.dumps(state))
    picture = next(tmp_path.glob('rgb/train/*.png'))
    picture.unlink()
    make_synthetic_pairs(str(tmp_path), spec)
    assert not picture.exists()  # nothing was rendered again


# -------------------------------------------------------------- the real thing
@pytest.mark.skipif('ICT_FACEKIT_DIR' not in os.environ,
                    reason='set ICT_FACEKIT_DIR to a clone of ICT-FaceKit')
def test_real_shapes_are_faces():
    make_head = head_maker('ict', os.environ['ICT_FACEKIT_DIR'])
    heads = [make_head(person(seed), view()) for seed in range(12)]
    points = np.mean([head.landmarks() for head in heads], 0)
    mirrored = points[FLIP_INDICES] * [-1, 1, 1]
    np.testing.assert_allclose(points, mirrored, atol=.6)
    assert 8 < points[45, 0] - points[36, 0] < 10
    assert 9.5 < points[8, 1] < 12.5
    own = np.mean([
        Head(person(seed), view()).landmarks() for seed in range(12)], 0)
    assert np.abs(points - own)[:, :2].mean() < .4
    shut = make_head(person(), view(eye_closure=1.)).plane
    opened = make_head(person(), view()).plane
    gaps = [p[[41, 46], 1] - p[[37, 44], 1] for p in (shut, opened)]
    assert (gaps[0] < .5 * gaps[1]).all()
