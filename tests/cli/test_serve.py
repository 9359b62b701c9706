"""`mmpose-thermal serve`, as its page is used."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.cli.serve import analyse, introduction


def thermal_frame():
    raw = np.full((120, 160), 29500, np.uint16)
    raw[20:100, 40:110] = 30800
    return raw


def test_page_shows_faces_or_says_why_not(onnx, tmp_path):
    landmarker = ThermalLandmarker(str(onnx), 'onnx')
    assert 'whole image is treated as one face' in introduction(landmarker)
    path = str(tmp_path / 'frame.png')
    cv2.imwrite(path, thermal_frame())
    picture, rows, message = analyse(landmarker, path)
    assert picture.shape[2] == 3 and message == '1 face.'
    assert [0, 'nose_tip', rows[2][2]] == rows[2]
    cv2.imwrite(path, (thermal_frame() // 200).astype(np.uint8))
    assert 'not radiometric' in analyse(landmarker, path)[2]
    np.save(tmp_path / 'stack.npy', np.stack([thermal_frame()] * 2))
    assert analyse(landmarker, str(tmp_path / 'stack.npy'))[2].startswith(
        'stack.npy holds 2 frames')
    open(path, 'wb').write(b'broken')
    picture, rows, message = analyse(landmarker, path)
    assert picture is None and 'frame.png cannot be decoded' in message
    assert str(tmp_path) not in message


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
                '.some(e => e.value === "1 face.")', timeout=30000)
            page.wait_for_selector('text=nose_tip')
            page.wait_for_selector('img[src*="/file="]')
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
