"""`mmpose-thermal serve`, as its page is used."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from fake_cameras import two_parts
from radiometric_jpegs import radiometric_jpeg, scene

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.cli import web_page
from mmpose_thermal.cli.serve import introduction
from mmpose_thermal.cli.web_page import Analysis, Settings


def thermal_frame():
    raw = np.full((120, 160), 29500, np.uint16)
    raw[20:100, 40:110] = 30800
    return raw


@pytest.fixture
def analyse(onnx):
    """Analyses a file or, with ``of='webcam'``, a picture."""
    analysis = Analysis(lambda **options: ThermalLandmarker(
        str(onnx), 'onnx', **options))

    def run(given, of='file', **settings):
        given = given if of == 'webcam' else str(given)
        return getattr(analysis, f'of_{of}')(given, *Settings(**settings))

    return run


def test_page_shows_faces_or_says_why_not(onnx, analyse, tmp_path):
    assert 'whole image is treated as one face' in introduction(
        ThermalLandmarker(str(onnx), 'onnx'))
    path = tmp_path / 'frame.png'
    cv2.imwrite(str(path), thermal_frame())
    answer = analyse(path)
    assert answer.picture.shape[2] == 3 and answer.message.startswith('1 face.')
    assert answer.table[2][:2] == [0, 'nose_tip']
    cv2.imwrite(str(path), (thermal_frame() // 200).astype(np.uint8))
    assert 'not radiometric' in analyse(path).message
    path.write_bytes(b'broken')
    answer = analyse(path)
    assert answer.picture is None
    assert 'frame.png cannot be decoded' in answer.message
    assert str(tmp_path) not in answer.message


def test_options_of_the_page(analyse, tmp_path):
    path = tmp_path / 'frame.png'
    cv2.imwrite(str(path), thermal_frame())
    celsius, fahrenheit, kelvin = (
        float(analyse(path, unit=unit).table[2][2]) for unit in (
            '°C', '°F', 'K'))
    assert fahrenheit == pytest.approx(1.8 * celsius + 32, abs=.2)
    assert kelvin == pytest.approx(celsius + 273.15, abs=.11)
    answer = analyse(path, boxes='40,20,110,100\n0,0,50,50')
    assert answer.message.startswith('2 faces.')
    assert '--box 1,2: give four' in analyse(path, boxes='1,2').message
    turned = analyse(path, rotate=90).picture
    assert turned.shape[0] > turned.shape[1]
    coloured, grey = (
        np.median(np.ptp(analyse(path, picture_palette=palette).picture.astype(
            int), axis=2)) for palette in ('jet', 'white-hot'))
    assert coloured > 100 and grey == 0
    cv2.imwrite(str(path), thermal_frame() // 10)
    assert 'set temperature_scale=0.1' in analyse(path).message
    assert analyse(path, temperature_scale=.1).table
    # The browser's word for an empty field.
    assert analyse(path, temperature_scale=.1, temperature_offset=None).table


def test_page_reads_what_cameras_store(analyse, tmp_path):
    path = tmp_path / 'FLIR0001.JPG'
    path.write_bytes(radiometric_jpeg(scene(120, 160)))
    if find_spec('flyr'):
        assert analyse(path, boxes='66,18,126,78').table
    answer = analyse(path, palette='inferno')
    assert answer.picture is not None and not answer.table
    np.savetxt(tmp_path / 'a.csv', thermal_frame() / 100 - 273.15, '%.2f', ';')
    assert analyse(tmp_path / 'a.csv', temperature_offset=273.15).table
    (tmp_path / 'a.seq').write_bytes(b'FFF\0' + bytes(99))
    assert 'FLIR sequence' in analyse(tmp_path / 'a.seq').message


def test_page_reads_videos_and_stacks(analyse, tmp_path, monkeypatch):
    np.save(tmp_path / 'stack.npy', np.stack([two_parts()[2]] * 3))
    answer = analyse(tmp_path / 'stack.npy', camera='infiray', fps=8)
    assert answer.message.startswith('3 frames, 3 faces.')
    video = cv2.VideoCapture(answer.video)
    assert video.get(cv2.CAP_PROP_FPS) == 8
    assert [os.path.basename(file) for file in answer.files] == [
        'results.csv', 'results.jsonl', 'stack.mp4']
    assert answer.table
    monkeypatch.setattr(web_page, '_MAX_FRAMES', 3)
    assert 'Only the first' not in analyse(
        tmp_path / 'stack.npy', camera='infiray').message
    monkeypatch.setattr(web_page, '_MAX_FRAMES', 2)
    assert 'Only the first 2 were read' in analyse(
        tmp_path / 'stack.npy', camera='infiray').message
    answer = analyse(tmp_path / 'stack.npy', camera='boson')
    assert answer.message.count('not the frames of --camera boson') == 1


def test_page_reads_the_webcam(analyse):
    rgb = np.repeat((thermal_frame() >> 7).astype(np.uint8)[..., None], 3, 2)
    assert analyse(rgb, 'webcam').message.startswith('1 face.')
    assert 'nothing yet' in analyse(None, 'webcam').message
    rgb[..., 0] //= 2
    assert 'set palette' in analyse(rgb, 'webcam').message or \
        'channels' in analyse(rgb, 'webcam').message


@pytest.mark.skipif(not shutil.which('chromium'), reason='needs Chromium')
def test_page_works_in_a_browser(onnx, tmp_path):
    pytest.importorskip('gradio')
    api = pytest.importorskip('playwright.sync_api')
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    uploads = tmp_path / 'tmp'
    uploads.mkdir()
    server = subprocess.Popen(
        [sys.executable, '-m', 'mmpose_thermal.cli', 'serve', '--model', onnx,
         '--port', str(port)], cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        env=dict(os.environ, TMPDIR=str(uploads)))
    try:
        _wait_for(port, server)
        assert _listening(port) == ['0100007F']  # 127.0.0.1, no one else
        cv2.imwrite(str(tmp_path / 'frame.png'), thermal_frame())
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which('chromium'),
                args=['--no-sandbox'])
            page = browser.new_page()
            page.goto(f'http://127.0.0.1:{port}',
                      wait_until='domcontentloaded')
            page.set_input_files('input[type=file]',
                                 str(tmp_path / 'frame.png'))
            page.wait_for_function(
                '() => [...document.querySelectorAll("textarea, input")]'
                '.some(e => e.value.startsWith("1 face."))', timeout=30000)
            page.wait_for_selector('text=nose_tip')
            page.wait_for_selector('img[src*="/file="]')
            page.get_by_text('Options').click()
            page.get_by_label('Unit').fill('K')
            page.get_by_label('Unit').press('Enter')
            page.get_by_role('button', name='Apply').click()
            page.wait_for_selector('td :text-is("K")', state='attached')
            browser.close()
        assert [*uploads.rglob('frame.png')]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    assert not [*uploads.rglob('frame.png')]


def _listening(port):
    """Addresses at which this machine listens, as the kernel writes them."""
    with open('/proc/net/tcp') as table:
        entries = [line.split() for line in table][1:]
    return [entry[1].split(':')[0] for entry in entries
            if entry[3] == '0A' and int(entry[1].split(':')[1], 16) == port]


def _wait_for(port, server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, 'the server ended'
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            time.sleep(.2)
    raise AssertionError('the server did not answer')
