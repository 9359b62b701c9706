"""Points near the border of small heatmaps are refined, others as in DARK."""
import numpy as np
import pytest
from mmpose.registry import KEYPOINT_CODECS

SIZES = dict(input_size=(128, 96), heatmap_size=(16, 12), sigma=1.,
             unbiased=True, blur_kernel_size=5)


def found(kind, points):
    codec = KEYPOINT_CODECS.build(dict(type=kind, **SIZES))
    heatmaps = codec.encode(points[None])['heatmaps']
    return codec.decode(heatmaps.copy())


def test_points_in_the_middle_are_those_of_dark():
    points = np.random.default_rng(0).uniform(28, 64, (40, 2))
    ours, scores = found('BorderRefinedHeatmap', points)
    theirs, expected = found('MSRAHeatmap', points)
    assert ours.shape == (1, 40, 2) and scores == pytest.approx(expected)
    assert ours == pytest.approx(theirs, abs=.05)


def test_points_at_the_border_are_refined():
    along = np.linspace(40, 80, 30)
    points = np.stack([along, np.linspace(80, 86, 30)], 1)
    errors = [np.abs(found(kind, points)[0][0] - points)
              for kind in ('BorderRefinedHeatmap', 'MSRAHeatmap')]
    # Without refinement, the error is up to half a heatmap pixel, 4 px.
    assert errors[1].max() > 3.5 and errors[0].mean() < .4 * errors[1].mean()
