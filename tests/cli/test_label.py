"""`mmpose-thermal label`, with a teacher from a module of the user's."""
import json

import pytest

from mmpose_thermal.labelling import label


@pytest.fixture
def oracle(tmp_path, monkeypatch):
    (tmp_path / 'oracle.py').write_text('''
import numpy as np

def points(image, boxes):
    """A mark of each image: the middle, with the corners of a square around it."""
    height, width = image.shape[:2]
    middle = np.array([width - 1, height - 1]) / 2
    return np.repeat((middle + [[-9, -9], [9, -9], [0, 0], [-9, 9], [9, 9]])[None],
                     len(boxes), 0)

def faces(image, min_score):
    height, width = image.shape[:2]
    return np.array([[9., 9, width - 9, height - 9]]), np.ones(1)
''')
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_folder_is_labelled_and_the_way_to_look_at_it_named(
        run_cli, pairs_root, oracle, tmp_path):
    out = tmp_path / 'labels.json'
    printed = run_cli('label', pairs_root, '--teacher', 'oracle:points', '--detector',
                      'oracle:faces', '--points', 'tfw', '--aligned', '--out', out)
    content = json.loads(out.read_text())
    count = len(content['annotations'])
    assert f'{count} faces in {count} images' in printed
    assert '100 % of their points labelled, mean score 1.00' in printed
    assert 'dropped: 2 RGB image without thermal partner' in printed
    assert f'look at {tmp_path / "labels.jpg"}' in printed
    assert (tmp_path / 'labels.jpg').is_file()


def test_errors_name_the_option(run_cli, pairs_root, oracle):
    with pytest.raises(SystemExit, match='Nothing finds the faces .*--detector'):
        run_cli('label', pairs_root, '--teacher', 'oracle:points', '--aligned')
    with pytest.raises(SystemExit, match='gone.whl does not exist'):
        run_cli('label', pairs_root, '--teacher', 'gone.whl', '--aligned')


def test_two_words_are_a_config_and_its_checkpoint(run_cli, pairs_root, monkeypatch):
    given = []
    monkeypatch.setattr(label, 'load_teacher', lambda spec: given.append(spec))
    monkeypatch.setattr(label, 'load_detector', lambda spec: None)
    with pytest.raises(SystemExit):
        run_cli('label', pairs_root, '--teacher', 'config.py', 'model.pth',
                '--detector', 'oracle:faces', '--aligned')
    assert given == [['config.py', 'model.pth']]
