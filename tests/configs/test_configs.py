"""Every config of the repository builds and trains; a new one is covered."""
import copy
import json
from pathlib import Path

import mmengine
import numpy as np
import pytest
import torch
import yaml
from conftest import REPOSITORY
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, KEYPOINT_CODECS, MODELS

from mmpose_thermal.apis import model_complexity
from mmpose_thermal.models.distillers.building import model_config
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs

CONFIGS = sorted((REPOSITORY / 'configs').glob('*/*/*/*.py'))
DETECTORS = [path for path in CONFIGS
             if 'thermal_face_detection' in path.parts]
LANDMARKS = [path for path in CONFIGS if path not in DETECTORS]
STRATEGIES = ('fd', 'ld', 'fd-ld', 'fi', 'ri', 'dikd', 'dikd-nodecay',
              'dikd-fd-ld')


def assert_targets_peak_at_their_points(codec):
    """Also near the borders, where MMPose shifts them if 3 * sigma is not whole."""
    codec = KEYPOINT_CODECS.build(codec)
    scale = np.array(codec.input_size) / codec.heatmap_size
    cells = np.array([[i, i] for i in range(codec.heatmap_size[0])]) + .2
    found = codec.encode((cells * scale)[None].astype(np.float32))['heatmaps']
    best = found.reshape(len(cells), -1).argmax(1)
    assert (best % found.shape[2] == cells[:, 0].astype(int)).all()
    assert (best // found.shape[2] == cells[:, 1].astype(int)).all()


@pytest.fixture(scope='session')
def data_of_style(tmp_path_factory):
    """Tiny synthetic data with the points of a data set."""
    roots = {}

    def data_of_style(style):
        if style not in roots:
            roots[style] = tmp_path_factory.mktemp(style)
            make_synthetic_pairs(
                str(roots[style]),
                SyntheticSpec(
                    train=2, val=1, test=1, extra=0, per_subject=2, size=96,
                    style=style, unaligned=style == 'carl_visth'))
        return str(roots[style])

    def profiles():
        """Nobody knows the places of the 43 points: any will do here."""
        root = Path(data_of_style('rwth'))
        for split in ('train', 'test'):
            coco = json.loads((root / f'annotations/{split}.json').read_text())
            for annotation in coco['annotations']:
                annotation['keypoints'] = annotation['keypoints'][:3 * 43]
            (root / f'annotations/profile_{split}.json').write_text(
                json.dumps(coco))
        return str(root)

    return lambda style: (profiles() if style == 'charlotte_profile' else
                          data_of_style(style))


@pytest.fixture
def load(data_of_style, save_teacher, monkeypatch):
    """A config on tiny data, with a teacher that exists."""
    monkeypatch.chdir(REPOSITORY)  # teachers are named relative to it

    def load(path):
        config = Config.fromfile(str(path))
        dataset = config.train_dataloader.dataset
        for part in dataset.get('datasets', [dataset]):
            style = DATASETS.get(part.type).METAINFO['from_file']
            part.data_root = data_of_style(Path(style).stem)
        model = config.model
        if model.type == 'CrossModalDistiller':
            teacher = model_config(model.teacher.config, 'teacher')
            model.teacher.config = without_downloads(teacher)
            model.teacher.checkpoint = save_teacher(model.teacher.config)
            model.student.config = without_downloads(
                model_config(model.student.config, 'student'))
        else:
            config.model = without_downloads(model)
        return config

    return load


def without_downloads(model):
    """A model that starts from nothing: no model zoo can be reached here."""
    model = copy.deepcopy(model.to_dict())
    model['backbone'].pop('init_cfg', None)
    return model


#: What docs/robustness.md promises of every training.
PROMISED = {
    'AtomicCheckpointHook', 'CheckedLoadingHook', 'EpochSeedHook',
    'FiniteLossHook'
}


def assert_keeps_promises(config):
    found = {
        hook['type'].split('.')[-1]
        for hook in config.default_hooks.values() if hook
    }
    assert PROMISED <= found
    assert config.randomness.seed in (0, 1)  # fixed, so that runs repeat
    assert (config.model.type == 'CrossModalDistiller') == (
        'StudentCheckpointHook' in found)
    best = config.default_hooks.checkpoint
    assert best.save_best and config.val_evaluator


@pytest.mark.parametrize('path', LANDMARKS, ids=lambda path: path.stem)
def test_config_trains(load, path):
    config = load(path)
    assert_keeps_promises(config)
    assert 'UnlabelledDataHook' in str(config.default_hooks)
    if 'codec' in config:
        assert_targets_peak_at_their_points(config.codec)
    train(MODELS.build(copy.deepcopy(config.model)), config,
          DATASETS.build(config.train_dataloader.dataset))


@pytest.mark.parametrize('path', DETECTORS, ids=lambda path: path.stem)
def test_detector_trains(data_of_style, path):
    config = Config.fromfile(str(path))
    assert_keeps_promises(config)
    init_default_scope('mmdet')
    config.train_dataloader.dataset.data_root = data_of_style('ibug68')
    train(mmengine.MODELS.build(without_downloads(config.model)), config,
          mmengine.DATASETS.build(config.train_dataloader.dataset))


def train(model, config, dataset):
    """One iteration: finite losses, and all parts learn."""
    model.init_weights()
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    before = copy.deepcopy(model.state_dict())
    model.train()
    logged = model.train_step(pseudo_collate([dataset[0]]), optimizer)
    assert all(torch.isfinite(torch.as_tensor(v)) for v in logged.values())
    changed = [key for key, value in model.state_dict().items()
               if not torch.equal(value, before[key])]
    assert any('backbone' in key for key in changed)
    assert any('head' in key for key in changed)


def test_model_zoo_lists_every_config():
    """`python tools/dev/update_model_zoo.py` writes the lists."""
    for folder in sorted({path.parent for path in CONFIGS}):
        listed = yaml.safe_load((folder / 'metafile.yml').read_text())
        paths = {model['Config'] for model in listed['Models']}
        assert paths == {
            str(path.relative_to(REPOSITORY)) for path in folder.glob('*.py')
        }, folder
        readme = (folder / 'README.md').read_text()
        for model in listed['Models']:
            assert f'[`{model["Name"]}`]({model["Name"]}.py)' in readme
            assert model['Metadata']['GFLOPs'] > 0


def test_smallest_student_is_small():
    """What the zoo promises: under 1 M parameters and 0.2 GFLOPs at 256."""
    listed = yaml.safe_load((
        REPOSITORY / 'configs/thermal_face_2d_keypoint/mlcm_kd/sftl54/'
        'metafile.yml').read_text())
    sizes = {
        model['Name']: (model['Metadata']['Parameters (M)'],
                        model['Metadata']['GFLOPs'])
        for model in listed['Models']
    }
    params_m, gflops = sizes[
        'mcl-dikd_shufflenetv2-w0.5_1xb64-60e_sftl54-256x256']
    assert params_m < 1 and gflops < .2
    # the list is not out of date
    config = Config.fromfile(str(
        REPOSITORY / 'configs/thermal_face_2d_keypoint/topdown_heatmap/sftl54/'
        'td-hm_shufflenetv2-w0.5_1xb64-60e_sftl54-thermal-256x256.py'))
    measured = model_complexity(
        MODELS.build(without_downloads(config.model)), (256, 256))
    assert measured == pytest.approx((params_m, gflops), rel=1e-2)


@pytest.mark.parametrize('level', ['ktl', 'mcl'])
def test_strategies_differ_in_nothing_but_the_strategy(level):
    """Same student, data and schedule as the plain training of the student."""
    folder = REPOSITORY / 'configs/thermal_face_2d_keypoint'
    plain = Config.fromfile(str(next(folder.glob(
        'topdown_heatmap/synthetic/td-hm_' +
        dict(ktl='res18', mcl='shufflenetv2')[level] + '*thermal-96x96*'))))
    for strategy in STRATEGIES:
        path, = folder.glob(f'mlcm_kd/synthetic/{level}-{strategy}_*96x96.py')
        config = Config.fromfile(str(path))
        assert config.model.student.config == plain.model
        for field in ('optim_wrapper', 'param_scheduler', 'train_cfg',
                      'val_dataloader', 'randomness'):
            assert config[field] == plain[field], (path.name, field)
        for field in ('batch_size', 'sampler'):
            assert config.train_dataloader[field] == plain.train_dataloader[
                field]
