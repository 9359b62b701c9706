"""Decoding in the graph gives what MMPose's codecs give."""
import numpy as np
import pytest
import torch
from mmpose.registry import KEYPOINT_CODECS

from mmpose_thermal.deployment import build_decoder

SIZES = dict(input_size=(64, 48), heatmap_size=(16, 12))


def blobs(count=40, seed=0):
    """Peaks anywhere, on the border too; and a heatmap without any."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:12, :16]
    centres = rng.uniform([-1, -1], [16, 12], (count, 2))
    maps = np.exp(-((x - centres[:, :1, None])**2 +
                    (y - centres[:, 1:, None])**2) / 4)
    maps += .02 * rng.uniform(size=maps.shape)
    maps[0] = 0
    return maps.astype(np.float32)


@pytest.mark.parametrize('codec', [
    dict(type='MSRAHeatmap', sigma=1.5, **SIZES),
    dict(type='MSRAHeatmap', sigma=1.5, unbiased=True, blur_kernel_size=7,
         **SIZES),
    dict(type='MSRAHeatmap', sigma=2, unbiased=True, **SIZES),
    dict(type='UDPHeatmap', sigma=2, **SIZES),
])
def test_heatmaps(codec):
    codec = KEYPOINT_CODECS.build(codec)
    maps = blobs()
    if type(codec).__name__ == 'UDPHeatmap':
        maps = maps[1:]  # UDP divides by the maximum
    keypoints, scores, _ = build_decoder(codec)(torch.from_numpy(maps)[None])
    expected, expected_scores = codec.decode(maps.copy())
    assert scores.numpy() == pytest.approx(expected_scores)
    difference = np.abs(keypoints.numpy() - expected)
    assert difference.max() < 1e-2 and np.median(difference) < 1e-4


def test_spreads_are_the_radii_of_the_heatmaps_in_input_pixels():
    codec = KEYPOINT_CODECS.build(dict(type='MSRAHeatmap', sigma=1.5, **SIZES))
    y, x = np.mgrid[:12, :16]

    def blob(sigma, centre=8):
        return np.exp(-((x - centre)**2 + (y - 6)**2) / (2 * sigma**2))

    # Far from the point, networks leave a little everywhere.
    maps = [blob(1.), blob(1.) + .05, blob(1.) + .9 * blob(1., 2), 0 * blob(1.)]
    *_, spreads = build_decoder(codec)(torch.tensor(np.float32(maps))[None])
    sharp, noisy, doubtful, nothing = spreads[0].tolist()
    # Of the part of a Gaussian above a tenth of its peak, the second moment is
    # 1.1 sigma squared; the heatmap has a pixel per four of the input.
    assert sharp == pytest.approx(4 * 1.1, rel=.05)
    assert noisy == pytest.approx(sharp, rel=.2)
    assert doubtful > 2 * sharp
    assert nothing == 80  # the diagonal of the input: it may be anywhere


REGRESSION = dict(type='RegressionLabel', input_size=(64, 48))


@pytest.mark.parametrize('codec, shapes', [
    (dict(type='SimCCLabel', input_size=(64, 48), sigma=4.,
          simcc_split_ratio=2.), [(3, 5, 128), (3, 5, 96)]),
    (REGRESSION, [(3, 5, 2)]), (REGRESSION, [(3, 5, 4)])])
def test_other_codecs(codec, shapes):
    codec = KEYPOINT_CODECS.build(codec)
    outputs = [torch.randn(shape) for shape in shapes]
    keypoints, scores = build_decoder(codec)(*outputs)
    if shapes[0][2] == 4:  # MMPose's head makes spreads of them
        outputs[0][..., 2:] = outputs[0][..., 2:].sigmoid()
    expected, expected_scores = codec.decode(*(o.numpy() for o in outputs))
    assert keypoints.numpy() == pytest.approx(expected, abs=1e-5)
    assert scores.numpy() == pytest.approx(expected_scores, abs=1e-6)


@pytest.mark.parametrize('codec', [
    dict(type='UDPHeatmap', heatmap_type='combined', **SIZES),
    dict(type='SimCCLabel', input_size=(64, 48), use_dark=True),
])
def test_unknown_codec_is_refused(codec):
    with pytest.raises(NotImplementedError, match='without decoding'):
        build_decoder(KEYPOINT_CODECS.build(codec))
