"""Measures breathing from the temperature below the nose.

Exhaled air warms the nostrils, inhaled air cools them. The script tracks one face,
measures the median of a disc at its nostrils in every frame, and writes the signal and
its spectrum. It is an example, not a medical device.
"""
import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from mmpose_thermal.apis import Source, ThermalLandmarker
from mmpose_thermal.runtime import SkinRegion, SkinThermometer

NOSTRILS = dict(nostrils=SkinRegion(
    {'right_nostril': .5, 'left_nostril': .5}, .06))
BAND_HZ = (.1, .7)  # 6 to 42 breaths per minute
STANDS_OUT = 4.  # times the median amplitude; noise reaches 2 to 3 times
_ZERO_CELSIUS_K = 273.15
_RESOLUTION_HZ = .002


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('input', help='a video or a stack of frames')
    parser.add_argument('--out-dir', default='work_dirs/breathing',
                        help='folder for signal.csv and spectrum.csv')
    parser.add_argument('--fps', type=float,
                        help='frames per second of the recording, if the file '
                        'does not tell')
    parser.add_argument('--box', type=float, nargs=4,
                        metavar=('X1', 'Y1', 'X2', 'Y2'),
                        help='the face in the first frame, instead of the '
                        'detector')
    return parser.parse_args()


def nostril_signal(source, fps, box=None):
    """Times in seconds and values at the nostrils, NaN where none is seen.

    Values are degrees Celsius, or grey levels of frames without temperatures.
    """
    landmarker = ThermalLandmarker()
    # Values are passed as they shall be returned.
    measure = SkinThermometer(landmarker.info.keypoints, 1., _ZERO_CELSIUS_K,
                              NOSTRILS)
    values = []
    for faces in landmarker.track(source, box and [box], on_error='skip'):
        values.append(np.nan)
        if faces:
            image = faces.celsius
            image = np.float32(faces.frame.grey) if image is None else image
            values[-1] = measure(image, faces[0].keypoints)[1]['nostrils']
    return np.arange(len(values)) / fps, np.array(values)


def spectrum_of(times_s, values):
    """Frequencies in Hz and amplitudes, by least squares over known values.

    Raises:
        ValueError: The recording is too short, or hardly shows a face.
    """
    known = np.isfinite(values)
    if not len(values) or known.mean() < .5:
        raise ValueError('a face is found in less than half of the frames: '
                         'name it with --box.')
    if np.ptp(times_s[known]) < 2 / BAND_HZ[0]:
        raise ValueError(f'the recording has {np.ptp(times_s[known]):.1f} s; '
                         f'{2 / BAND_HZ[0]:.0f} s are needed.')
    t, signal = times_s[known], values[known]
    signal = signal - np.polyval(np.polyfit(t, signal, 1), t)  # drift
    window = np.sin(np.pi * (t - t[0]) / np.ptp(t))**2
    frequencies = np.arange(*BAND_HZ, _RESOLUTION_HZ)
    waves = np.exp(-2j * np.pi * frequencies[:, None] * t)
    return frequencies, 2 * np.abs(waves @ (window * signal)) / window.sum()


def rate_of(frequencies, amplitudes):
    """Breaths per minute, or ``None`` if no frequency stands out."""
    if amplitudes.max() < STANDS_OUT * np.median(amplitudes):
        return None
    return 60 * frequencies[amplitudes.argmax()]


def write_table(path, header, *columns):
    with open(path, 'w', newline='') as file:
        csv.writer(file).writerows([header, *zip(*columns)])


def main():
    args = parse_args()
    try:
        source = Source(args.input)
        times_s, values = nostril_signal(source, args.fps or source.fps,
                                         args.box)
        out = Path(args.out_dir)
        out.mkdir(parents=True, exist_ok=True)
        write_table(out / 'signal.csv', ['time_s', 'nostrils'], times_s,
                    values)
        frequencies, amplitudes = spectrum_of(times_s, values)
    except (OSError, ValueError) as error:
        sys.exit(f'breathing: {error}')
    write_table(out / 'spectrum.csv', ['frequency_hz', 'amplitude'],
                frequencies, amplitudes)
    rate = rate_of(frequencies, amplitudes)
    found = 'no rate stands out' if rate is None else (
        f'{rate:.1f} breaths per minute')
    print(f'mean {np.nanmean(values):.2f}, amplitude {amplitudes.max():.2f}, '
          f'{found}: {out}')


if __name__ == '__main__':
    main()
