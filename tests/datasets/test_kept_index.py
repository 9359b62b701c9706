"""A kept index gives the samples that the annotation file gives."""
import json
import shutil

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from mmpose_thermal.datasets.datasets import ThermalFaceDataset


@pytest.fixture
def build(pairs_root, tmp_path):
    root = shutil.copytree(pairs_root, tmp_path / 'pairs')

    def build(index='index', **options):
        init_default_scope('mmpose')
        return DATASETS.build(
            dict(type='ThermalFaceDataset', data_root=str(root),
                 ann_file='annotations/train.json',
                 index=index and str(tmp_path / index), **options))

    build.ann_file = root / 'annotations/train.json'
    return build


def assert_same(one, other):
    assert len(one) == len(other) and one.metainfo.keys() == \
        other.metainfo.keys()
    for index in range(len(one)):
        left, right = one.get_data_info(index), other.get_data_info(index)
        assert left.keys() == right.keys()
        for key, value in left.items():
            assert np.array_equal(value, right[key]), key


def no_parsing(monkeypatch):

    def refuse(self):
        raise AssertionError('the annotations were read')

    monkeypatch.setattr(ThermalFaceDataset, 'load_data_list', refuse)


def test_the_next_start_reads_no_annotations(build, monkeypatch):
    plain = build(None)
    build()
    no_parsing(monkeypatch)
    assert_same(build(), plain)
    assert_same(build(pipeline=[]), plain)
    with pytest.raises(AssertionError, match='were read'):
        build(with_rgb=True)


def test_changed_annotations_are_read(build):
    build()
    content = json.loads(build.ann_file.read_text())
    content['annotations'] = content['annotations'][:2]
    build.ann_file.write_text(json.dumps(content))
    assert len(build()) == 2
    assert len(build()) == 2


def test_a_damaged_index_is_made_anew(build, tmp_path, monkeypatch):
    expected = len(build())
    (tmp_path / 'index/addresses.npy').write_bytes(b'')
    assert len(build()) == expected
    no_parsing(monkeypatch)
    assert len(build()) == expected


def test_other_folders_are_left_alone(build, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/work.txt').write_text('precious')
    with pytest.raises(ValueError, match='no index of annotations'):
        build('mine')
    assert (tmp_path / 'mine/work.txt').read_text() == 'precious'
    assert sorted(p.name for p in tmp_path.iterdir()) == ['mine', 'pairs']


def test_training_samples_carry_no_raw_annotation(build):
    assert 'raw_ann_info' not in build(None).get_data_info(0)
    assert 'raw_ann_info' in build(None, test_mode=True).get_data_info(0)
