"""`mmpose-thermal browse`: pictures of what the network will see."""
import json
import shutil

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY

CONFIGS = REPOSITORY / 'configs/thermal_face_2d_keypoint'


@pytest.mark.parametrize('config, split, panels', [
    ('mlcm_kd/synthetic/ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96', 'train',
     5),
    ('mlcm_kd/synthetic/ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96', 'test',
     2),
    ('topdown_heatmap/synthetic/td-hm_res18-w32_1xb32-10e_synthetic-rgb-96x96',
     'train', 3),
])
def test_browse(run_cli, pairs_root, tmp_path, config, split, panels):
    printed = run_cli(
        'browse', CONFIGS / f'{config}.py', '--split', split,
        '--number', 2, '--out-dir', tmp_path, '--cfg-options',
        f'{split}_dataloader.dataset.data_root={pairs_root}/')
    assert f'2 pictures in {tmp_path}' in printed
    pictures = sorted(tmp_path.glob(f'{split}_*.png'))
    assert len(pictures) == 2
    assert cv2.imread(str(pictures[0])).shape[1] == panels * 260 + 4


def test_unlabelled_faces_are_shown_with_their_box(run_cli, pairs_root,
                                                   tmp_path):
    root = shutil.copytree(pairs_root, tmp_path / 'pairs')
    path = root / 'annotations/train.json'
    content = json.loads(path.read_text())
    for face in content['annotations']:
        del face['keypoints'], face['num_keypoints']
    path.write_text(json.dumps(content))
    config = CONFIGS / ('mlcm_kd/synthetic/ktl-dikd_res18-w32_1xb32-20e_'
                        'synthetic-96x96.py')
    run_cli('browse', config, '--number', 1, '--out-dir', tmp_path,
            '--cfg-options', f'train_dataloader.dataset.data_root={root}/',
            'train_dataloader.dataset.unlabelled=keep')
    sheet = cv2.imread(str(tmp_path / 'train_000000.png'))
    original, thermal, target = (
        sheet[:, 4 + 260 * panel:][:, :256].astype(int) for panel in (0, 2, 4))

    def drawn(colour):
        return (np.abs(original - colour).max(-1) < 40).sum()

    assert drawn((0, 160, 255)) > 100 and not drawn((0, 220, 0))  # box, landmarks
    assert np.abs(thermal - target).max() < 2  # no heatmap


def test_it_names_what_is_missing(run_cli, tmp_path):
    config = CONFIGS / ('topdown_heatmap/synthetic/td-hm_res18-w32_1xb32-20e_'
                        'synthetic-thermal-96x96.py')
    with pytest.raises(SystemExit, match='error: .*train.json does not exist'):
        run_cli('browse', config, '--cfg-options',
                f'train_dataloader.dataset.data_root={tmp_path}/')


def test_the_parts_of_a_combination_are_shown(run_cli, pairs_root, tmp_path):
    """The labelled pairs first, then the same without their labels."""
    part = 'train_dataloader.dataset.datasets'
    run_cli('browse', CONFIGS / 'mlcm_kd/synthetic/ktl-unlabelled_res18-w16_1xb32-'
            '2000i_synthetic-64x64.py', '--number', 2, '--out-dir', tmp_path,
            '--cfg-options', *(f'{part}.{number}.{field}' for number in (0, 1)
                               for field in (f'data_root={pairs_root}/',
                                             'indices=2')))
    first, last = (cv2.imread(str(tmp_path / f'train_{index:06d}.png'))
                   for index in (0, 3))
    assert first.shape == last.shape  # a pair's panels each

    def has_points(sheet):
        return (np.abs(sheet.astype(int) - (0, 220, 0)).max(-1) < 10).any()

    assert has_points(first) and not has_points(last)
