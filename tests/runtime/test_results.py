"""The results of an image: pictures, rows and files."""
import csv
import json
import sys

import cv2
import numpy as np
import pytest

from mmpose_thermal.apis.inputs import PreparedFrame
from mmpose_thermal.runtime import (FaceLandmarks, HeadPose, ModelInfo,
                                    Results, SkinReading)
from mmpose_thermal.runtime.palettes import palette_colours

NAMES = ['nose_tip', 'right_eye_inner', 'left_eye_inner']
INFO = ModelInfo('landmarks', (64, 64), 1, ['keypoints', 'scores', 'spreads'],
                 keypoints=NAMES, colours=[[255, 0, 0]] * 3)


class Posed(FaceLandmarks):
    head_pose = HeadPose(10.123, -5., 0.)  # three points have none


def frame(radiometric=True):
    raw = np.full((100, 500), 30315, np.uint16)  # 30 degrees Celsius
    raw[:, 250:] = 30715
    return PreparedFrame(raw, (raw >> 8).astype(np.uint8), radiometric,
                         name='a/b.tif', time_s=1.25)


def results(**options):
    face = Posed(
        np.array([[130., 60], [110, 40], [150, 40]]), np.ones(3),
        np.array([100., 30, 160, 70]), uncertainty_px=np.ones(3),
        skin_celsius=dict(nose_tip=30., right_inner_eye_corner=31.,
                          left_inner_eye_corner=np.nan),
        skin_readings=dict(
            nose_tip=SkinReading(30., 12, .25),
            right_inner_eye_corner=SkinReading(31., 5, .5, 'too small'),
            left_inner_eye_corner=SkinReading(np.nan, 0, 0., 'outside')))
    return Results([face], frame(**options), INFO)


def test_results_are_a_list_of_faces():
    found = results()
    assert len(found) == 1 and found[0].head_pose.yaw_deg == 10.123
    assert [face.box_score for face in found] == [1.]
    assert Results() == [] and not Results()
    assert repr(found) == '<Results a/b.tif: 1 faces>'
    assert found.celsius[0, 0] == pytest.approx(30, abs=1e-3)
    assert results(radiometric=False).celsius is None


def test_rows_have_a_value_per_column():
    row, = results().to_rows()
    assert row['image'] == 'a/b.tif' and row['time_s'] == 1.25
    assert row['x1'] == 100 and row['yaw_deg'] == 10.12
    assert row['nose_tip_celsius'] == 30 and row['nose_tip_x'] == 130
    assert row['right_inner_eye_corner_uncertainty_k'] == .5
    assert row['right_inner_eye_corner_problem'] == 'too small'
    assert row['nose_tip_problem'] is None
    assert row['left_inner_eye_corner_celsius'] is None
    assert row['left_eye_inner_uncertainty_px'] == 1
    # A face without measures has the same columns.
    plain = Results([FaceLandmarks(np.zeros((3, 2)), np.ones(3), np.zeros(4),
                                   uncertainty_px=np.ones(3), track_id=4)],
                    frame(False), INFO)
    assert [*plain.to_rows()[0]] == [*row]
    assert plain.to_rows()[0]['face'] == 4
    assert plain.to_rows()[0]['nose_tip_celsius'] is None
    assert Results().to_rows() == []


def test_pandas_is_optional(monkeypatch):
    pandas = pytest.importorskip('pandas')
    table = results().to_pandas()
    assert isinstance(table, pandas.DataFrame) and len(table) == 1
    assert table['nose_tip_celsius'][0] == 30
    monkeypatch.setitem(sys.modules, 'pandas', None)
    with pytest.raises(ImportError, match='pandas.*or use to_rows'):
        results().to_pandas()


def test_files_hold_the_results(tmp_path):
    found = results()
    path = found.save(tmp_path / 'new' / 'a.json')
    content = json.loads(open(path).read())
    assert content['image'] == 'a/b.tif' and content['time_s'] == 1.25
    face, = content['faces']
    assert face['head_pose'] == dict(yaw_deg=10.12, pitch_deg=-5, roll_deg=0)
    assert face['skin_readings']['right_inner_eye_corner'] == dict(
        celsius=31, pixels=5, uncertainty_k=.5, problem='too small')
    assert face['skin_readings']['left_inner_eye_corner']['celsius'] is None
    with open(found.save(tmp_path / 'a.csv')) as file:
        row, = csv.DictReader(file)
    assert float(row['nose_tip_celsius']) == 30
    picture = cv2.imread(found.save(tmp_path / 'a.png', scale_bar=False))
    assert (picture == found.plot(scale_bar=False)).all()
    Results().save(tmp_path / 'none.csv')
    with pytest.raises(ValueError, match='a.xyz must end with .csv'):
        found.save(tmp_path / 'a.xyz')


def test_a_skipped_image_has_no_picture():
    broken = Results(info=INFO, error='b.png is broken', name='b.png')
    assert broken.to_dict() == dict(
        image='b.png', error='b.png is broken', faces=[])
    with pytest.raises(ValueError, match='b.png is broken'):
        broken.plot()


def test_pictures_show_temperatures_in_a_palette():
    found = results()
    picture = found.plot('iron', (28, 32), scale_bar=False)
    scale = len(picture) // 100
    assert picture.shape[:2] == (100 * scale, 500 * scale)
    colours = palette_colours('iron')
    assert (picture[-scale, 2 * scale] == colours[128]).all()  # 30 of 28 to 32
    assert (picture[-scale, -scale] == colours[255]).all()
    # Other frames show what the network saw.
    plain = results(radiometric=False).plot(scale_bar=True)
    assert plain.shape == picture.shape
    assert plain[-scale, 2 * scale].tolist() == [30315 >> 8] * 3
    with pytest.raises(ValueError, match='rainbow-hot'):
        found.plot('rainbow-hot')


def test_the_scale_tells_what_a_colour_means():
    picture = results().plot('iron', (28, 32))
    plain = results().plot('iron', (28, 32), scale_bar=False)
    assert (picture[:, :plain.shape[1]] == plain).all()
    bar = picture[:, plain.shape[1] + 8]
    colours = palette_colours('iron')
    assert (bar[12] == colours[255]).all() and (bar[-13] == colours[0]).all()
    assert (bar[len(bar) // 2].astype(int) - colours[128]).max() < 8


def test_regions_are_drawn_where_they_are_measured():
    plain, marked = (results().plot(regions=on, scale_bar=False)
                     for on in (False, True))
    rows, columns, _ = np.nonzero(plain != marked)
    scale = len(plain) / 100
    # Discs around two of three landmarks: one eye has no temperature.
    assert rows.min() / scale == pytest.approx(40, abs=3)
    assert rows.max() / scale == pytest.approx(60, abs=3)
    assert columns.min() / scale == pytest.approx(110, abs=3)
    assert columns.max() / scale == pytest.approx(130, abs=6)


def test_no_region_is_drawn_without_temperatures():
    found = results(radiometric=False)
    found[0].skin_celsius = None
    assert (found.plot(regions=True) == found.plot()).all()


def test_an_arrow_starts_at_the_nose_and_points_where_it_does():
    plain, marked = (results().plot(head_pose=on, scale_bar=False)
                     for on in (False, True))
    rows, columns, _ = np.nonzero(plain != marked)
    scale = len(plain) / 100
    assert columns.min() / scale == pytest.approx(130, abs=1)
    # Yaw 10, pitch -5 degrees; the landmarks' extent is sqrt(40 * 20).
    length = np.sqrt(800) * np.sin(np.radians([10, 5]))
    assert columns.max() / scale == pytest.approx(130 + length[0], abs=1)
    assert rows.max() / scale == pytest.approx(60 + length[1], abs=1.2)


def test_doubtful_temperatures_have_a_question_mark(monkeypatch):
    texts = []
    monkeypatch.setattr(cv2, 'putText',
                        lambda canvas, text, *_: texts.append(text))
    results().plot()
    assert 'nose 30.0 C' in texts and 'R eye 31.0 C ?' in texts
