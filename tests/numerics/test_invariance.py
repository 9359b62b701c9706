"""Results do not depend on what they should not depend on."""
import copy

import numpy as np
import pytest
import torch
from conftest import IMAGE_SIZE, estimator, new_runner, simcc
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_thermal.datasets.point_sets import load_metainfo

DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason='no GPU'))]


@pytest.fixture
def model(save_teacher):
    """A network whose outputs have some structure, and images."""
    def build(config):
        built = MODELS.build(copy.deepcopy(config))
        path = save_teacher(config, 'numerics.pth')
        built.load_state_dict(torch.load(path)['state_dict'])
        return built.eval()

    return build


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 3, IMAGE_SIZE, IMAGE_SIZE, generator=generator)


def outputs(model, images):
    with torch.no_grad():
        found = model(images, None, 'tensor')
    return torch.cat([part.flatten(1) for part in (
        found if isinstance(found, tuple) else (found, ))], 1).float()


# bfloat16 has 8 bits of mantissa, float16 has 11: some ten layers add up.
@pytest.mark.parametrize('dtype, tolerance', [
    (torch.bfloat16, .03), (torch.float16, .004)])
@pytest.mark.parametrize('config', [estimator(8), simcc(8)],
                         ids=['heatmaps', 'simcc'])
def test_precisions_agree(model, images, config, dtype, tolerance):
    network = model(config)
    expected = outputs(network, images)
    try:
        with torch.autocast('cpu', dtype):
            found = outputs(network, images)
    except RuntimeError as error:  # PyTorch 2.1: bfloat16 alone on CPUs
        pytest.skip(str(error))
    error = (found - expected).abs().max() / expected.abs().max()
    assert 0 < error < tolerance


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('size', [1, 2, 5])
def test_batch_size_does_not_matter(model, images, size, device):
    network = model(estimator(8)).to(device)
    images = images.to(device)
    whole = outputs(network, images)
    parts = torch.cat([outputs(network, part) for part in images.split(size)])
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('device', DEVICES[1:])
def test_device_does_not_matter(model, images, device):
    network = model(estimator(8))
    expected = outputs(network, images)
    found = outputs(network.to(device), images.to(device)).cpu()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_mirrored_images_have_mirrored_results(model, images, batch):
    """With flip_test a network cannot tell right from left."""
    config = dict(estimator(8), test_cfg=dict(
        flip_test=True, flip_mode='heatmap', shift_heatmap=False,
        output_heatmaps=True))
    network = model(config)
    swapped = load_metainfo(dict(from_file='ibug68'))['flip_indices']
    results = []
    for given in (images[:2], images[:2].flip(-1)):
        samples = copy.deepcopy(batch['data_samples'])
        for sample in samples:
            sample.set_metainfo(dict(flip_indices=swapped))
        with torch.no_grad():
            found = network.predict(given, samples)
        results.append(torch.stack([s.pred_fields.heatmaps for s in found]))
    plain, mirrored = results
    torch.testing.assert_close(mirrored.flip(-1)[:, swapped], plain,
                               rtol=1e-4, atol=1e-6)
    assert not torch.allclose(mirrored, plain)


def test_workers_and_batches_do_not_change_a_test(validated_config, tmp_path):
    """The metrics of a validation, however the data are loaded."""
    metrics = []
    for workers, size in ((0, 3), (2, 1), (1, 2)):
        config = Config(copy.deepcopy(validated_config.to_dict()))
        config.model = config.model.student.config
        config.default_hooks.pop('student')
        config.test_dataloader.update(num_workers=workers, batch_size=size)
        config.test_evaluator.update(
            confidence=.95, normalizers=['interocular', 'box'])
        torch.manual_seed(0)
        runner = new_runner(config, tmp_path / str(workers))
        metrics.append(runner.test())
    for other in metrics[1:]:
        assert other.keys() == metrics[0].keys()
        for name, value in metrics[0].items():
            assert other[name] == pytest.approx(value, rel=1e-5, nan_ok=True)
    assert np.isfinite(metrics[0]['NME'])
