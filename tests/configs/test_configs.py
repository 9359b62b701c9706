"""Every config of the repository builds and trains; a new one is covered."""
import copy

import pytest
import torch
from conftest import REPOSITORY
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmpose.registry import DATASETS, MODELS

CONFIGS = sorted((REPOSITORY / 'configs').glob('*/*/*/*.py'))
STRATEGIES = ('fd', 'ld', 'fd-ld', 'fi', 'ri', 'dikd', 'dikd-nodecay',
              'dikd-fd-ld')


@pytest.fixture
def load(pairs_root, save_teacher, monkeypatch):
    """A config on the tiny data set, with a teacher that exists."""
    monkeypatch.chdir(REPOSITORY)  # teachers are named relative to it

    def load(path):
        config = Config.fromfile(str(path))
        config.train_dataloader.dataset.data_root = str(pairs_root)
        if config.model.type == 'CrossModalDistiller':
            teacher = Config.fromfile(config.model.teacher.config).model
            config.model.teacher.checkpoint = save_teacher(teacher)
        return config

    return load


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains(load, path):
    config = load(path)
    model = MODELS.build(copy.deepcopy(config.model))
    model.init_weights()
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    before = copy.deepcopy(model.state_dict())
    dataset = DATASETS.build(config.train_dataloader.dataset)
    model.train()
    for start in (0, 2):
        batch = pseudo_collate([dataset[start], dataset[start + 1]])
        logged = model.train_step(batch, optimizer)
        assert all(torch.isfinite(torch.as_tensor(v)) for v in logged.values())
    changed = [key for key, value in model.state_dict().items()
               if not torch.equal(value, before[key])]
    assert any('backbone' in key for key in changed)
    assert any('head' in key for key in changed)


@pytest.mark.parametrize('level', ['ktl', 'mcl'])
def test_strategies_differ_in_nothing_but_the_strategy(level):
    """Same student, data and schedule as the plain training of the student."""
    folder = REPOSITORY / 'configs/thermal_face_2d_keypoint'
    plain = Config.fromfile(str(next(folder.glob(
        'topdown_heatmap/synthetic/td-hm_' +
        dict(ktl='res18', mcl='shufflenetv2')[level] + '*thermal*'))))
    for strategy in STRATEGIES:
        path, = folder.glob(f'mlcm_kd/synthetic/{level}-{strategy}_*.py')
        config = Config.fromfile(str(path))
        assert config.model.student.config == plain.model
        for field in ('optim_wrapper', 'param_scheduler', 'train_cfg',
                      'val_dataloader', 'randomness'):
            assert config[field] == plain[field], (path.name, field)
        for field in ('batch_size', 'sampler'):
            assert config.train_dataloader[field] == plain.train_dataloader[
                field]
