"""Importing the package: registration, versions, requirements."""
import importlib
import importlib.metadata

import mmengine
import numpy as np
import pytest
import torch
from mmengine.runner.checkpoint import CheckpointLoader
from mmpose import registry

from mmpose_thermal.compatibility import check_versions


@pytest.mark.parametrize('kind, names', [
    ('MODELS', [
        'CrossModalDistiller', 'PairDataPreprocessor', 'DIKDLoss',
        'FeatureDistillLoss', 'LogitDistillLoss', 'ConvConnector',
        'IdentityConnector', 'ResizeConnector'
    ]),
    ('DATASETS', ['ThermalFaceDataset']),
    ('TRANSFORMS', [
        'LoadThermalImage', 'LoadRGBPartner', 'ModalityTransform',
        'PackPairInputs', 'PairTopdownAffine'
    ]),
    ('METRICS', ['FaceAlignmentMetric']),
    ('HOOKS', ['EpochSeedHook', 'StudentCheckpointHook']),
])
def test_components_are_in_mmposes_registries(kind, names):
    module_dict = getattr(registry, kind).module_dict
    assert set(names) <= set(module_dict)


def test_other_projects_find_them_by_scope():
    loss = mmengine.MODELS.build(dict(type='mmpose.DIKDLoss'))
    assert type(loss).__module__.startswith('mmpose_thermal')


@pytest.mark.parametrize('name, version', [('mmcv', '1.7.2'),
                                           ('mmengine', '0.5.0'),
                                           ('mmpose', '2.0.0')])
def test_unsupported_version_is_named(monkeypatch, name, version):
    monkeypatch.setattr(importlib.import_module(name), '__version__', version)
    with pytest.raises(
            ImportError, match=f'{name} has version {version}.*install.sh'):
        check_versions()


def test_missing_package_is_named(monkeypatch):
    from mmpose_thermal import compatibility

    def absent(name):
        raise ImportError(f'No module named {name!r}')

    monkeypatch.setattr(compatibility, 'import_module', absent)
    with pytest.raises(ImportError, match='cannot be imported.*install.sh'):
        check_versions()


def test_installing_the_plugin_moves_no_framework_package():
    required = [
        name for name in importlib.metadata.requires('mmpose_thermal')
        if 'extra ==' not in name
    ]
    assert required == ['numpy']


def test_checkpoint_with_metainfo_needs_no_unrestricted_pickle(tmp_path,
                                                               capfd):
    """As MMEngine saves it: NumPy arrays of the data set's metainfo."""
    path = str(tmp_path / 'checkpoint.pth')
    arrays = [np.ones(3, code) for code in '?Bifd'] + [np.empty(0, 'B')]
    torch.save(dict(state_dict={}, meta=dict(dataset_meta=arrays)), path)
    loaded = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    assert len(loaded['meta']['dataset_meta']) == 6
    output = capfd.readouterr()
    assert 'Could not safely load' not in output.out + output.err
