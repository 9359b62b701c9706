"""What is learned from, what is held out, and what is mixed in."""
import json
import os
from pathlib import Path

import pytest
from pairs import change, write_pairs

from mmpose_thermal.datasets.datasets import ThermalFaceDataset
from mmpose_thermal.datasets.image_files import image_folder
from mmpose_thermal.distilling.data import (digest, is_labelled, render,
                                            split)


@pytest.fixture(scope='module')
def ann_file(tmp_path_factory):
    return Path(write_pairs(tmp_path_factory.mktemp('pairs')))


def anonymous(_, image):
    del image['subject_id']


def numbers(path):
    """Numbers of the pictures in an annotation file."""
    return sorted(int(image['file_name'].split('/')[-1][:6])
                  for image in json.loads(Path(path).read_text())['images'])


def test_without_other_knowledge_the_last_tenth_is_held_out(ann_file, tmp_path):
    found = split(change(ann_file, 'plain.json', anonymous), str(tmp_path))
    assert numbers(found['held_out']) == [10, 11]
    assert numbers(found['train']) == list(range(10))
    assert (found['labelled'], found['unlabelled'], found['measured']) == (10, 0, 2)
    assert found['held_out_by'] == 'the last tenth of the images'


def test_a_session_is_held_out_as_a_whole(ann_file, tmp_path):

    def sessions(number, image):
        anonymous(number, image)
        image['session'] = 'short' if number in (3, 4, 5) else number % 2

    found = split(change(ann_file, 'sessions.json', sessions), str(tmp_path))
    assert numbers(found['held_out']) == [3, 4, 5]
    assert '"session"' in found['held_out_by']


def test_two_halves_are_too_large_to_hold_one_out(ann_file, tmp_path):

    def halves(number, image):
        image['subject_id'] = number % 2

    found = split(change(ann_file, 'halves.json', halves), str(tmp_path))
    assert numbers(found['held_out']) == [10, 11]


def test_faces_without_labels_train_but_measure_nothing(ann_file, tmp_path):

    def no_labels(number, face):
        if number in (0, 11):
            face.update(keypoints=[0] * 3 * 68, num_keypoints=0)

    path = change(ann_file, 'some.json', anonymous, no_labels)
    found = split(path, str(tmp_path))
    assert (found['labelled'], found['unlabelled'], found['measured']) == (9, 2, 1)
    for name, unlabelled, count in (('train', 'keep', 11),
                                    ('held_out', 'leave_out', 1)):
        assert count == len(ThermalFaceDataset(
            ann_file=found[name], data_root=image_folder(path), pipeline=[],
            unlabelled=unlabelled))


def test_other_labels_are_other_data(ann_file, tmp_path):
    before = split(ann_file, str(tmp_path))['digest']

    def moved(_, face):
        face['keypoints'][0] += 1

    other = change(ann_file, 'moved.json', edit_face=moved)
    assert split(other, str(tmp_path))['digest'] != before
    assert split(ann_file, str(tmp_path))['digest'] == before


def test_too_few_faces_are_refused(ann_file, tmp_path):

    def no_labels(number, face):
        if number > 8:
            face.update(keypoints=[0] * 3 * 68, num_keypoints=0)

    with pytest.raises(ValueError, match='9 faces have landmarks, but at least 10'):
        split(change(ann_file, 'few.json', edit_face=no_labels), str(tmp_path))


def test_faces_without_eye_corners_cannot_be_measured(ann_file, tmp_path):

    def no_eye(_, face):
        face['keypoints'][3 * 36 + 2] = 0

    with pytest.raises(ValueError, match='both outer eye corners'):
        split(change(ann_file, 'one_eye.json', edit_face=no_eye), str(tmp_path))


def test_a_labelled_file_is_told_from_others(ann_file):

    def no_labels(_, face):
        del face['keypoints'], face['num_keypoints']

    assert is_labelled(str(ann_file))
    assert not is_labelled(str(change(ann_file, 'boxes.json', edit_face=no_labels)))
    assert not is_labelled(str(ann_file.parent))


def test_a_folder_is_known_by_its_files_but_those_of_the_run(tmp_path):
    (tmp_path / 'rgb').mkdir()
    (tmp_path / 'rgb' / '1.png').write_text('a')
    before = digest(str(tmp_path), str(tmp_path / 'work'))
    (tmp_path / 'work').mkdir()
    (tmp_path / 'work' / 'a.json').touch()
    assert digest(str(tmp_path), str(tmp_path / 'work')) == before
    (tmp_path / 'rgb' / '2.png').touch()
    assert digest(str(tmp_path), str(tmp_path / 'work')) != before


def test_a_folder_in_the_folder_of_the_run_is_known_by_its_files(tmp_path):
    """Also through links, and however its path was written."""
    real = tmp_path / 'other disk'
    real.mkdir()
    pairs = tmp_path / 'work/pairs'
    pairs.mkdir(parents=True)
    (pairs / 'rgb').symlink_to(real)
    before = digest(str(pairs), str(tmp_path / 'work'))
    assert digest(f'{pairs}/', str(tmp_path / 'work')) == before
    (real / os.fsdecode(b'\xff.png')).touch()
    assert digest(str(pairs), str(tmp_path / 'work')) != before


def test_rendered_faces_bring_labels_and_no_partner(tmp_path):
    found = render(2, str(tmp_path))
    faces = ThermalFaceDataset(
        ann_file=found['train'], data_root=found['root'], with_rgb=True,
        require_rgb=False, pipeline=[])
    assert len(faces) == 2
    assert all(face['missing_modalities'] == ('rgb', ) for face in faces)
