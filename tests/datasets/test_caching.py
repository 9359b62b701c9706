"""Images that are kept decoded give what loading them again gives."""
import pickle
import shutil

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from set_on_disk import build
from torch.utils.data import DataLoader

from mmpose_thermal.datasets.transforms import caching, loading

pytest.importorskip('lmdb')
CODEC = dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16),
             sigma=2.)


@pytest.fixture
def dataset(pairs_root, tmp_path):
    root = shutil.copytree(pairs_root, tmp_path / 'pairs')

    def pipeline(with_rgb):
        return [
            dict(type='LoadThermalImage'),
            *([dict(type='LoadRGBPartner')] if with_rgb else []),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal'),
            dict(type='RandomBBoxTransform'),
            dict(type='PairTopdownAffine' if with_rgb else 'TopdownAffine',
                 input_size=(64, 64)),
            dict(type='GenerateTarget', encoder=CODEC),
            dict(type='PackPairInputs' if with_rgb else 'PackPoseInputs')]

    def make(cache=None, with_rgb=True, **options):
        init_default_scope('mmpose')
        built = build(root, with_rgb=with_rgb, pipeline=pipeline(with_rgb),
                      cache=cache and str(tmp_path / cache), **options)
        built.set_epoch_seed(3)
        return built

    return make


def assert_same(found, expected):
    one, other = found['inputs'], expected['inputs']
    if not isinstance(one, dict):
        one, other = dict(thermal=one), dict(thermal=other)
    for name, image in other.items():
        # OpenCV rounds positions to 1/32 of a pixel.
        difference = (one[name].int() - image.int()).abs().float()
        assert difference.mean() < .3 and difference.max() < 25, name
    assert np.allclose(found['data_samples'].gt_fields.heatmaps,
                       expected['data_samples'].gt_fields.heatmaps, atol=1e-3)


def none_is_read(monkeypatch):

    def refuse(*arguments, **options):
        raise AssertionError('the image was loaded again')

    monkeypatch.setattr(loading, 'read_image', refuse)


@pytest.mark.parametrize('with_rgb', [True, False])
def test_kept_images_are_the_loaded_ones(dataset, with_rgb, monkeypatch):
    plain, kept = dataset(None, with_rgb), dataset('a.lmdb', with_rgb)
    for index in range(len(plain)):
        assert_same(kept[index], plain[index])
    expected = [plain[index] for index in range(len(plain))]
    none_is_read(monkeypatch)
    for index, sample in enumerate(expected):
        assert_same(kept[index], sample)
    with pytest.raises(AssertionError, match='loaded again'):
        plain[0]


@pytest.mark.parametrize('matrix', [
    None, [[.5, .02, 20], [-.02, .5, 30], [0, 0, 1]],
    [[.9, .05, 5], [0., 1.1, -4], [1e-4, 0, 1]]])
def test_parts_lie_where_the_images_did(dataset, matrix):
    """Boxes, landmarks and the map between the images refer to the parts."""
    samples = []
    for built in (dataset(), dataset('a.lmdb')):
        steps = [s for s in built.pipeline.transforms
                 if type(s).__name__ != 'RandomBBoxTransform']
        info = built.get_data_info(0)
        info['bbox'] = np.array([[30., 40, 70, 85]], np.float32)
        if matrix:
            info['rgb_to_thermal'] = np.array(matrix)
        if isinstance(steps[0], caching.CachedLoading):
            steps[0].margin = .15  # 1.25 of the box is cropped
            part = steps[0](dict(info))
            assert part['img_shape'][0] < 60 and part['bbox'][0, 0] < 15
        for _ in range(2):  # the second time from the file
            np.random.seed(0)
            sample = dict(info)
            for step in steps:
                sample = step(sample)
            samples.append(sample)
    for found in samples[1:]:
        assert_same(found, samples[0])


def test_unlabelled_faces_are_kept_as_well(dataset, monkeypatch):
    plain, kept = (dataset(cache, unlabelled='all') for cache in (None, 'a.lmdb'))
    expected = plain[0]
    kept[0]  # fills the file
    none_is_read(monkeypatch)
    assert_same(kept[0], expected)
    assert not kept[0]['data_samples'].gt_instance_labels.keypoint_weights.any()


def test_a_changed_image_is_loaded_again(dataset):
    kept = dataset('a.lmdb', with_rgb=False)
    before = kept[0]['inputs']
    path = kept.get_data_info(0)['img_path']
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    cv2.imwrite(path, 255 - image)
    after = kept[0]['inputs'].int()
    assert (after - (255 - before.int())).abs().float().mean() < 60
    assert (after - before.int()).abs().float().mean() > 20


def test_a_changed_palette_file_is_another_image(dataset, tmp_path):
    built = dataset('a.lmdb', with_rgb=False)
    loading = built.pipeline.transforms[0]
    info = dict(built.get_data_info(0), palette=str(tmp_path / 'p.json'))
    (tmp_path / 'p.json').write_text('[1, 2]')
    before = loading._key(info)
    (tmp_path / 'p.json').write_text('[2, 1, 0]')
    assert loading._key(info) != before


def test_other_loading_is_other_images(dataset):
    kept = dataset('a.lmdb', with_rgb=False)
    first = kept.pipeline.transforms[0]
    other = caching.CachedLoading(
        [dict(type='LoadThermalImage', gain='clahe')], first.kept.path)
    info = kept.get_data_info(0)
    assert first._key(info) != other._key(info)


def test_worker_processes_share_the_file(dataset, monkeypatch):
    kept = dataset('a.lmdb')
    kept[0]  # opened here before the workers are forked
    dataset('a.lmdb')[0]  # and by another data set

    def epoch():
        return list(DataLoader(kept, batch_size=None, num_workers=2))

    first = epoch()
    none_is_read(monkeypatch)
    for sample, expected in zip(epoch(), first):
        assert_same(sample, expected)
    pickle.loads(pickle.dumps(kept))  # as workers that are spawned get it


def test_a_full_file_does_not_end_the_training(dataset, monkeypatch):
    monkeypatch.setattr(caching, '_MAP_SIZE', 65536)
    kept = dataset('a.lmdb')
    with pytest.warns(UserWarning, match='cannot store any more images'):
        for index in range(len(kept)):
            kept[index]


def test_only_training_may_keep_images(dataset):
    with pytest.raises(ValueError, match='`cache` is for training'):
        dataset('a.lmdb', test_mode=True)
