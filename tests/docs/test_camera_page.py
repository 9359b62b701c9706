"""Every block of commands of docs/cameras.md, on fake cameras and their files."""
import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from fake_cameras import Device, scene, telemetry, two_parts
from radiometric_jpegs import radiometric_jpeg
from radiometric_jpegs import scene as scene_of_jpeg

from mmpose_thermal.cli import main
from mmpose_thermal.runtime import captures
from mmpose_thermal.runtime.palettes import palette_colours

_BLOCKS = re.findall(r'^```bash\n(.*?)^```',
                     (REPOSITORY / 'docs/cameras.md').read_text(), re.M | re.S)
COMMANDS = [line.split('#')[0].split()
            for block in _BLOCKS for line in block.splitlines()]
PREDICT = [line[2:] for line in COMMANDS if line[1] == 'predict']
RECORD = [line for line in COMMANDS if line[0] == 'ffmpeg']
# What cannot run here: it installs, or lists the devices of a real machine.
_OUTSIDE = [['pip', 'install', '".[runtime,cameras]"'],
            ['v4l2-ctl', '--list-devices'],
            ['v4l2-ctl', '--list-formats-ext', '-d', '/dev/video0']]


def lepton_words():
    return np.vstack([scene(160, 120)[1], telemetry(2, 160)])


def seek_words():
    words = scene(208, 156)[1] // 4
    words[0, 10] = 3
    return words


class NetworkCamera(Device):
    """Sends coloured 8-bit pictures."""

    def read(self):
        good, picture = super().read()
        return good, palette_colours('iron')[picture[..., 0]] if good else None


def device_of(arguments):
    """The camera that is plugged in where a command looks for it."""
    if arguments[0].startswith('http:'):
        return NetworkCamera([scene(160, 120)[1]] * 3, pause_s=.02)
    words, fourccs = {
        'boson': lambda: (scene(640, 512)[1], (b'UYVY', b'Y16 ')),
        'infiray': lambda: (two_parts()[2], (b'YUYV', )),
        'seek': lambda: (seek_words(), (b'Y16 ', )),
    }.get(option(arguments, '--camera'),
          lambda: (lepton_words(), (b'UYVY', b'Y16 ')))()
    return Device([words] * 3, fourccs, pause_s=.02)


def option(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Recordings of the names that the page uses, in the working folder."""
    monkeypatch.chdir(tmp_path)
    stack = np.stack([lepton_words()] * 3)
    np.save('frames.npy', stack)
    (tmp_path / 'frames').mkdir()
    for index, words in enumerate(stack):
        cv2.imwrite(f'frames/{index}.png', words)
    (tmp_path / 'flir.jpg').write_bytes(
        radiometric_jpeg(scene_of_jpeg(120, 160)))
    for command in RECORD:
        if shutil.which('ffmpeg'):
            record(command)


def record(command):
    """Runs an ffmpeg command of the page on bytes instead of a device."""
    words = lepton_words() if 'gray16le' in command else two_parts()[2]
    size = ['-video_size', f'{words.shape[1]}x{words.shape[0]}']
    renamed = {'v4l2': 'rawvideo', '-input_format': '-pixel_format',
               '/dev/video0': '-'}
    subprocess.run(
        ['ffmpeg', '-v', 'error', '-y', *size,
         *(renamed.get(word, word) for word in command[1:])],
        input=words.tobytes() * 3, check=True)


@pytest.mark.parametrize('arguments', PREDICT, ids=' '.join)
def test_commands_of_the_page_work(arguments, files, tmp_path, monkeypatch,
                                   capsys):
    live = arguments[0].startswith(('0', '/dev', 'rtsp:', 'http:'))
    if arguments[0].endswith(('.mkv', '.avi')) and not shutil.which('ffmpeg'):
        pytest.skip('needs ffmpeg')
    if arguments[0].endswith('.jpg'):
        pytest.importorskip('flyr')
    if live:
        monkeypatch.setattr(captures, '_CAMERA_WAIT_S', 0)
        device, file = device_of(arguments), cv2.VideoCapture
        monkeypatch.setattr(cv2, 'VideoCapture', lambda where: (
            file if str(where).startswith('out/') else device)(where))
    status = main(['predict', *arguments, '--box', '40,20,110,100',
                   '--out-dir', 'out'])
    told = capsys.readouterr().err
    # A camera never ends unless it is unplugged.
    assert status == live and live == bool(
        re.search('stopped delivering|ended after 3 frames', told))
    assert 'PASSWORD' not in told
    lines = [line for line in map(json.loads, open('out/results.jsonl'))
             if 'error' not in line]
    assert len(lines) == (1 if arguments[0] == 'flir.jpg' else 3) or (
        live and lines)
    skin = 'skin_celsius' in lines[-1]['faces'][0]
    words_have_kelvin = option(arguments, '--camera') != 'seek'
    assert skin == words_have_kelvin or arguments[0].startswith(
        ('rtsp:', 'http:'))
    if option(arguments, '--fps'):
        assert lines[2]['time_s'] == round(2 / 8.7, 3)


def test_every_command_of_the_page_is_run():
    rest = [line for line in COMMANDS if line[2:] not in PREDICT and
            line not in RECORD]
    assert rest == _OUTSIDE
    assert len(PREDICT) > 8 and len(RECORD) == 2
