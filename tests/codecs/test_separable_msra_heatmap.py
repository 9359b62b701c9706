import numpy as np
import pytest
from mmpose.registry import KEYPOINT_CODECS

OPTIONS = dict(input_size=(64, 96), heatmap_size=(16, 24), sigma=1.5)


@pytest.mark.parametrize('unbiased', [True, False])
def test_targets_are_those_of_msra_heatmap(unbiased):
    """Within, at and beyond the borders, labelled or not."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-60, 150, (1, 400, 2)).astype(np.float32)
    labelled = rng.integers(0, 2, (1, 400)).astype(np.float32)
    ours, reference = (KEYPOINT_CODECS.build(
        dict(OPTIONS, type=name, unbiased=unbiased))
        for name in ('SeparableMSRAHeatmap', 'MSRAHeatmap'))
    for visible in (labelled, None):
        found = ours.encode(points, visible)
        expected = reference.encode(points, visible)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            assert found[name].dtype == values.dtype
            assert np.abs(found[name] - values).max() < 1e-6
        drawn = expected['heatmaps'].any((1, 2))
        assert 0 < drawn.sum() < 400
    heatmaps = expected['heatmaps'][drawn]
    assert (ours.decode(heatmaps)[0] == reference.decode(heatmaps)[0]).all()
