"""tools/demo.py and tools/webdemo.py, as a user runs them."""
import csv
import json
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

from mmpose_thermal.deployment import describe, export_model, load_model


@pytest.fixture
def onnx(save_student, tmp_path):
    model = load_model(save_student())
    export_model(model, describe(model), str(tmp_path / 'student.onnx'))
    return tmp_path / 'student.onnx'


def thermal_frame(shift=0):
    raw = np.full((120, 160), 29500, np.uint16)
    raw[20:100, 40 + shift:110 + shift] = 30800
    return raw


def lines_of(folder):
    return [json.loads(line)
            for line in (folder / 'results.jsonl').read_text().splitlines()]


def test_demo_goes_on_after_bad_input(onnx, tmp_path, run_tool, capsys):
    folder = tmp_path / 'frames'
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f'{index}.png'), thermal_frame(index))
    (folder / '3.png').write_bytes(b'broken')
    np.save(folder / '4.npy', np.full((9, 9), np.nan))
    np.save(folder / '5.npy', np.stack([thermal_frame()] * 4))
    out = tmp_path / 'out'
    with pytest.raises(SystemExit) as ended:
        run_tool('demo', '--model', onnx, '--out-dir', out, '--box',
                 '40,20,110,100', folder / '[0-4].*', folder / '5.npy',
                 tmp_path / 'gone.mp4')
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert '7 frames, 7 faces, 3 problems' in printed.out
    for text in ('3.png cannot be decoded', 'frame 4: ', 'not finite',
                 'gone.mp4 does not exist'):
        assert text in printed.err
    lines = lines_of(out)
    assert [line['frame'] for line in lines] == [
        '0', '1', '2', '5_000000', '5_000001', '5_000002', '5_000003']
    assert lines[0]['faces'][0]['skin_celsius']['nose_tip'] > 0
    with open(out / 'results.csv') as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) == 7
    assert float(rows[0]['nose_tip_x']) == pytest.approx(
        lines[0]['faces'][0]['keypoints'][30][0])
    assert cv2.imread(str(out / '0.png')) is not None
    video = cv2.VideoCapture(str(out / '5.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 4


def test_no_output_takes_the_place_of_another(onnx, tmp_path, run_tool):
    for folder in ('camA', 'camB'):
        (tmp_path / folder).mkdir()
        for name in ('1.png', '2.png', '1.bmp'):
            cv2.imwrite(str(tmp_path / folder / name),
                        (thermal_frame() >> 8).astype(np.uint8))
        np.save(tmp_path / folder / 'stack.npy', np.stack([thermal_frame()] * 2))
        cv2.imwritemulti(str(tmp_path / folder / 'stack.tif'),
                         [thermal_frame()] * 3)
    files = [tmp_path / folder / name for name in (
        '1.png', '2.png', '1.bmp', 'stack.npy', 'stack.tif')
             for folder in ('camA', 'camB')]
    out = tmp_path / 'out'
    with pytest.raises(SystemExit):
        run_tool('demo', '--model', onnx, '--out-dir', out, *files)
    lines = lines_of(out)
    pictures = [line['picture'] for line in lines if 'picture' in line]
    assert pictures == ['1.png', 'camB_1.png', '2.png', 'camB_2.png',
                        'camA_1.png', 'camB_1_bmp.png']
    videos = [(line['video'], line['video_frame']) for line in lines
              if 'video' in line]
    assert videos == [(name, index) for name, count in (
        ('stack.mp4', 2), ('camB_stack.mp4', 2), ('camA_stack.mp4', 3),
        ('camB_stack_tif.mp4', 3)) for index in range(count)]
    for name, count in dict(videos).items():
        video = cv2.VideoCapture(str(out / name))
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == count + 1
    assert {path.name for path in out.iterdir()} == {
        *pictures, *dict(videos), 'results.jsonl', 'results.csv'}


def test_two_sequences_are_two_videos(onnx, tmp_path, run_tool):
    for folder in ('camA', 'camB'):
        (tmp_path / folder).mkdir()
        for index in range(2):
            cv2.imwrite(str(tmp_path / folder / f'{index}.png'),
                        thermal_frame(index))
    out = tmp_path / 'out'
    with pytest.raises(SystemExit) as ended:
        run_tool('demo', '--model', onnx, '--out-dir', out, '--sequence',
                 tmp_path / 'camA' / '*.png', tmp_path / 'camB')
    assert ended.value.code == 0
    assert [line['video'] for line in lines_of(out)] == [
        'camA.mp4'] * 2 + ['camB.mp4'] * 2


def test_demo_says_once_that_it_takes_the_whole_image(onnx, tmp_path,
                                                      run_tool, capsys):
    np.save(tmp_path / 'a.npy', np.stack([thermal_frame()] * 3))
    for options, times in (((), 1), (('--box', '40,20,110,100'), 0)):
        with pytest.raises(SystemExit) as ended:
            run_tool('demo', '--model', onnx, '--out-dir', tmp_path / 'out',
                     *options, tmp_path / 'a.npy')
        assert ended.value.code == 0
        assert capsys.readouterr().err.count(
            'neither --detector nor --box') == times


def test_a_video_of_one_fault_is_one_line(onnx, tmp_path, run_tool, capsys):
    noise = np.random.default_rng(0).integers(0, 255, (5, 48, 64, 3), np.uint8)
    np.save(tmp_path / 'colour.npy', noise)
    cv2.imwrite(str(tmp_path / 'a.png'), thermal_frame())
    with pytest.raises(SystemExit) as ended:
        run_tool('demo', '--model', onnx, '--out-dir', tmp_path / 'out',
                 '--box', '40,20,60,40', tmp_path / 'colour.npy',
                 tmp_path / 'a.png')
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert '1 frames, 1 faces, 5 problems' in printed.out
    assert printed.err.count('different channels') == 1
    assert 'colour.npy: 4 more frames likewise' in printed.err


def test_demo_replaces_no_input(onnx, tmp_path, run_tool):
    cv2.imwrite(str(tmp_path / 'a.png'), thermal_frame())
    before = (tmp_path / 'a.png').read_bytes()
    with pytest.raises(SystemExit, match='a.png lies in the output folder'):
        run_tool('demo', '--model', onnx, '--out-dir', tmp_path, tmp_path)
    assert (tmp_path / 'a.png').read_bytes() == before


def test_demo_explains_what_it_lacks(onnx, tmp_path, run_tool, monkeypatch):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    out = tmp_path / 'out'
    cv2.imwrite(str(tmp_path / 'a.png'), thermal_frame())
    for arguments, message in (
            (('--model', tmp_path / 'gone.onnx'), 'copy both'),
            (('--model', onnx, '--box', '1,2'), 'X1,Y1,X2,Y2'),
            (('--model', onnx, '--show'), 'needs a display')):
        with pytest.raises(SystemExit, match=message):
            run_tool('demo', *arguments, '--out-dir', out, tmp_path / 'a.png')


def test_what_was_done_is_kept_when_the_demo_is_killed(onnx, tmp_path):
    """Every line is on disk when it is written."""
    stack = np.stack([thermal_frame()] * 3000)
    np.save(tmp_path / 'stack.npy', stack)
    out = tmp_path / 'out'
    process = subprocess.Popen(
        [sys.executable, REPOSITORY / 'tools/demo.py', '--model', onnx,
         '--out-dir', out, tmp_path / 'stack.npy'],
        stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
            (out / 'results.csv').exists() and
            (out / 'results.csv').stat().st_size > 20000):
        time.sleep(.05)
    process.kill()
    process.wait()
    assert 5 < len(lines_of(out)) < 3000


# -- the web page -----------------------------------------------------------


def web_module(name='webdemo'):
    import runpy
    return runpy.run_path(str(REPOSITORY / f'tools/{name}.py'))


def test_page_shows_faces_or_says_why_not(onnx, tmp_path):
    from mmpose_thermal.apis import ThermalLandmarker
    analyse = web_module()['analyse']
    landmarker = ThermalLandmarker(str(onnx), 'onnx')
    introduction = web_module()['introduction']
    assert 'whole image is taken as one face' in introduction(landmarker)
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
        [sys.executable, REPOSITORY / 'tools/webdemo.py', '--model', onnx,
         '--port', str(port)],
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
