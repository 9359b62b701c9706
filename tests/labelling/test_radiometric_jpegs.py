"""A folder of FLIR radiometric JPEGs is a set of pairs."""
import json
import re
import sys

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from radiometric_jpegs import radiometric_jpeg, scene

from mmpose_thermal import labelling
from mmpose_thermal.cli import main
from mmpose_thermal.datasets.point_sets import load_metainfo
from mmpose_thermal.datasets.transforms.loading import (LoadRGBPartner,
                                                        LoadThermalImage)
from mmpose_thermal.labelling import label_pairs
from mmpose_thermal.runtime import read_thermogram


@pytest.fixture
def folder(tmp_path):
    """Two files with a photo, one without, one that is no thermal image."""
    pytest.importorskip('flyr')
    y, x = np.mgrid[:120, :160]
    photo = np.dstack([x, y, x + y]).astype(np.uint8)
    (tmp_path / 'data/day').mkdir(parents=True)
    for name, content in (
            ('a.jpg', radiometric_jpeg(scene(), photo, 1.4, (5, -3))),
            ('day/b.JPG', radiometric_jpeg(scene()[:, ::-1], photo, 1.4, (5, -3))),
            ('without.jpg', radiometric_jpeg(scene())),
            ('unreadable.jpg', radiometric_jpeg(scene(), records={32: None})),
            ('photo.jpg', cv2.imencode('.jpg', photo)[1].tobytes())):
        (tmp_path / 'data' / name).write_bytes(content)
    return tmp_path / 'data'


POINTS = np.column_stack([np.linspace(60, 110, 68),
                          70 + 20 * np.sin(np.arange(68))])


FLIP = load_metainfo(dict(from_file='ibug68'))['flip_indices']


def teacher(image, boxes):
    """Knows the points, also of a mirrored photo."""
    points = POINTS
    if image[60, 0, 0] > image[60, -1, 0]:
        points = np.column_stack([159 - POINTS[:, 0], POINTS[:, 1]])[FLIP]
    return np.repeat(np.column_stack([points, np.ones(68)])[None], len(boxes), 0)


def labels_of(folder, **options):
    return label_pairs(
        str(folder), teacher, say=lambda line: None, **{
            **options, 'detector': lambda image, least: (
                np.array([[55, 45, 115, 95.]]), [1.])})


def test_labels_are_carried_by_the_cameras_registration(folder):
    result = labels_of(folder)
    assert (result.pairs, result.images) == (2, 2)
    assert result.dropped == {
        'radiometric JPEG without visible-light photo': 1,
        'thermal image missing or unreadable': 1,
        'JPEG without thermal data': 1}
    told = result.summary()
    for reason in ('1 JPEG without thermal data, such as: .*photo.jpg',
                   '1 radiometric JPEG .*, such as: .*without.jpg',
                   '1 thermal image .*, such as: .*unreadable.jpg .*KeyError'):
        assert re.search(reason, told), told
    content = json.loads((folder / 'annotations/labelled.json').read_text())
    for image, face in zip(content['images'], content['annotations']):
        assert image['rgb_file_name'] == image['file_name']
        assert (image['width'], image['height']) == (80, 60)
        assert image['bit_depth'] == 32
        to_thermal = read_thermogram(
            (folder / image['file_name']).read_bytes(), 'a').photo_to_thermal
        expected = cv2.perspectiveTransform(POINTS[:, None], to_thermal)[:, 0]
        found = np.reshape(face['keypoints'], (68, 3))[:, :2]
        assert np.abs(found - expected).max() < .1


def test_the_command_of_the_page_of_cameras(folder, monkeypatch, capsys):
    """With a teacher that needs no wheel."""
    page = (REPOSITORY / 'docs/cameras.md').read_text()
    name, place, *rest = re.search(r'`mmpose-thermal (label .+?)`',
                                   page).group(1).split()
    monkeypatch.setattr(
        labelling, 'label_pairs',
        lambda pairs, teacher, out, **options: labels_of(pairs, **options))
    monkeypatch.chdir(folder.parent)
    folder.rename(place)
    main([name, place, *rest])
    assert (folder.parent / place / 'annotations/labelled.json').exists()
    assert 'without visible-light photo' in capsys.readouterr().out


def test_the_doctor_and_training_read_both_images_of_a_file(folder, capsys):
    labels_of(folder)
    main(['check', str(folder / 'annotations/labelled.json'), '--jobs', '1'])
    told = capsys.readouterr().out
    # The points of the teacher above are no face's; all else is right.
    assert told.count('ERROR') == 1 and 'ERROR (left-right)' in told, told
    sample = LoadThermalImage()(dict(img_path=str(folder / 'a.jpg'), bit_depth=32))
    sample.update(rgb_path=str(folder / 'a.jpg'), rgb_to_thermal=np.eye(3))
    thermal, rgb = LoadRGBPartner()(sample)['img']
    assert thermal.shape == (60, 80, 3) and rgb.shape == (120, 160, 3)
    assert np.ptp(thermal) > 200


def test_a_contact_sheet_of_an_earlier_run_is_no_image(folder):
    assert labels_of(folder, sheet=True).sheet.endswith('annotations/labelled.jpg')
    assert labels_of(folder).dropped['JPEG without thermal data'] == 1


def test_without_flyr_nothing_is_dropped_silently(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, 'flyr', None)
    for path in folder.glob('*.jpg'):  # not those that were read before
        path.write_bytes(path.read_bytes() + b'\0')
    with pytest.raises(ValueError, match='pip install'):
        labels_of(folder)
