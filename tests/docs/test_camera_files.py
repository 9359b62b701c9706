"""Every command in the table of files of docs/cameras.md."""
import json
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from radiometric_jpegs import radiometric_jpeg, scene

from mmpose_thermal.cli import main
from mmpose_thermal.runtime import read_thermogram
from mmpose_thermal.runtime.palettes import palette_colours

PAGE = Path(__file__).parents[2] / 'docs/cameras.md'
NAMED = re.findall(r'`mmpose-thermal (\w+ .+?)`', PAGE.read_text())
COMMANDS = [command for command in NAMED if command.startswith('predict')]


def write(path, kelvin):
    """Writes the file that a command names."""
    name = path.name
    if name == 'flir.jpg':
        levels = cv2.normalize(kelvin, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
        path.write_bytes(radiometric_jpeg(
            scene(120, 160), picture=palette_colours('iron')[levels]))
    elif name == 'frame.csv':
        path.write_text('\n'.join(
            ';'.join(f'{value:.2f}'.replace('.', ',') for value in row)
            for row in kelvin - 273.15))
    elif name == 'recording.mkv':
        counts = (kelvin * 100).astype(np.uint16)
        video = cv2.VideoWriter(
            str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), 25,
            counts.shape[::-1], [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U,
                                 cv2.VIDEOWRITER_PROP_IS_COLOR, 0])
        for _ in range(3):
            video.write(counts)
        video.release()
    elif name == 'recording.tiff':
        cv2.imwritemulti(str(path), [(kelvin * 100).astype(np.uint16)] * 3)
    elif path.suffix == '.npy':
        np.save(path, dict(celsius=kelvin - 273.15,
                           fahrenheit=kelvin * 1.8 - 459.67)[path.stem])
    elif name == 'kelvin.tiff':
        cv2.imwrite(str(path), kelvin)
    else:
        per_kelvin = dict(centikelvin=100, counts=25, decikelvin=10)[path.stem]
        cv2.imwrite(str(path), np.rint(kelvin * per_kelvin).astype(np.uint16))


@pytest.fixture(scope='module')
def kelvin():
    pytest.importorskip('flyr')
    return read_thermogram(radiometric_jpeg(scene(120, 160)), 'a').pixels


@pytest.mark.parametrize('command', COMMANDS)
def test_commands_read_temperatures(command, kelvin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)
    write(tmp_path / arguments[-1], kelvin)
    # The scene's warm disc stands for a face.
    assert main([*arguments, '--box', '66,18,126,78', '--out-dir', 'out']) == 0
    lines = [json.loads(line) for line in
             (tmp_path / 'out/results.jsonl').read_text().splitlines()]
    assert len(lines) == (3 if 'recording' in command else 1)
    for line in lines:
        measured = line['faces'][0].get('skin_celsius')
        if '--palette' in command:
            assert measured is None
        else:
            assert abs(np.nanmedian(list(measured.values())) - 34) < 2


def test_the_page_names_them_all():
    rest, = set(NAMED) - set(COMMANDS)
    assert len(COMMANDS) == 11
    assert rest.startswith('label')  # by tests/labelling/test_radiometric_jpegs
