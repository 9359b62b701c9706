"""The breathing example, on a rendered face whose nostrils change."""
import csv
import runpy

import numpy as np
import pytest
from conftest import REPOSITORY

from mmpose_thermal.synthetic.people import sample_subject
from mmpose_thermal.synthetic.render import render_pair
from mmpose_thermal.synthetic.views import sample_view


@pytest.fixture(scope='module')
def breathing_face(tmp_path_factory):
    """40 s at 3 frames per second, 15 breaths per minute, 0.5 K."""
    rng = np.random.default_rng(2)
    subject = sample_subject(rng)
    pair = render_pair(subject, sample_view(rng, subject, 0, 0.), rng, 160,
                       True, 0.)
    x, y = pair.keypoints[[32, 34]].mean(0)
    rows, columns = np.mgrid[:160, :160]
    spot = np.exp(-.5 * ((columns - x)**2 + (rows - y)**2) / 10**2)
    phase = np.sin(2 * np.pi * .25 * np.arange(120) / 3)[:, None, None]
    frames = pair.temperature_k + .5 * phase * spot
    path = tmp_path_factory.mktemp('breathing') / 'face.npy'
    np.save(path, np.rint(100 * frames).astype(np.uint16))
    low, high = pair.keypoints.min(0), pair.keypoints.max(0)
    return path, [*low, *high]


def test_breaths_are_counted(breathing_face, run_tool, tmp_path):
    path, box = breathing_face
    printed = run_tool('misc/breathing', path, '--fps', 3, '--out-dir',
                       tmp_path, '--box', *box)
    assert '15.0 breaths per minute' in printed
    with open(tmp_path / 'signal.csv') as file:
        signal = [float(row['nostrils']) for row in csv.DictReader(file)]
    assert len(signal) == 120 and 15 < np.mean(signal) < 40
    with open(tmp_path / 'spectrum.csv') as file:
        amplitudes = [float(row['amplitude']) for row in csv.DictReader(file)]
    assert max(amplitudes) == pytest.approx(.5, abs=.12)


def test_noise_has_no_rate():
    tool = runpy.run_path(str(REPOSITORY / 'tools/misc/breathing.py'))
    times_s = np.arange(600) / 9
    rates = []
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, .1, 600)
        for signal in (noise, noise + .1 * np.sin(2 * np.pi * .3 * times_s)):
            rates.append(tool['rate_of'](*tool['spectrum_of'](times_s, signal)))
    assert rates[::2].count(None) >= 19
    assert rates[1::2] == pytest.approx([18] * 20, abs=.5)


def test_short_recordings_are_refused(breathing_face, run_tool, tmp_path):
    path, box = breathing_face
    np.save(tmp_path / 'short.npy', np.load(path)[:12])
    with pytest.raises(SystemExit, match='has 3.7 s; 20 s are needed'):
        run_tool('misc/breathing', tmp_path / 'short.npy', '--fps', 3,
                 '--out-dir', tmp_path, '--box', *box)
