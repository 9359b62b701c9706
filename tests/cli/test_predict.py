"""`mmpose-thermal predict`, as a user runs it."""
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from fake_cameras import Device, scene
from radiometric_jpegs import radiometric_jpeg

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.cli import main, prediction_run
from mmpose_thermal.cli.pictures import Pictures
from mmpose_thermal.runtime import (ModelInfo, ResultFiles, captures,
                                    to_grey)
from mmpose_thermal.runtime.cameras import CAMERAS
from mmpose_thermal.runtime.drawing import SCALE_WIDTH

BOX = ('--box', '40,20,110,100')


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'out'


@pytest.fixture
def predict(onnx, out):
    """Runs the command; returns its exit status or error."""
    return lambda *arguments: main([
        'predict', '--model', str(onnx), '--out-dir', str(out),
        *map(str, arguments)])


def thermal_frame(shift=0):
    raw = np.full((120, 160), 29500, np.uint16)
    raw[20:100, 40 + shift:110 + shift] = 30800
    return raw


def lines_of(folder):
    return [json.loads(line)
            for line in (folder / 'results.jsonl').read_text().splitlines()]


def frames_of(video):
    return cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT)


def test_it_goes_on_after_bad_input(predict, out, tmp_path, capsys):
    folder = tmp_path / 'frames'
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f'{index}.png'), thermal_frame(index))
    (folder / '3.png').write_bytes(b'broken')
    np.save(folder / '4.npy', np.full((9, 9), np.nan))
    np.save(folder / '5.npy', np.stack([thermal_frame()] * 4))
    assert predict(*BOX, folder / '[0-4].*', folder / '5.npy',
                   tmp_path / 'gone.mp4') == 1
    printed = capsys.readouterr()
    assert '7 frames, 7 faces, 3 problems' in printed.out
    for text in ('3.png cannot be decoded', '4.npy', 'not finite',
                 'gone.mp4 does not exist'):
        assert text in printed.err
    lines = [line for line in lines_of(out) if 'error' not in line]
    assert [line['frame'] for line in lines] == [
        '0', '1', '2', '5_000000', '5_000001', '5_000002', '5_000003']
    assert lines[0]['faces'][0]['skin_celsius']['nose_tip'] > 0
    with open(out / 'results.csv') as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) == 7
    assert float(rows[0]['nose_tip_x']) == pytest.approx(
        lines[0]['faces'][0]['keypoints'][30][0])
    assert cv2.imread(str(out / '0.png')) is not None
    assert frames_of(out / '5.mp4') == 4


def test_results_name_the_files_that_they_are_of(predict, out, tmp_path):
    """Also those of files without a result."""
    folder = tmp_path / 'my frames'
    folder.mkdir()
    cv2.imwrite(str(folder / 'a b.png'), thermal_frame())
    (folder / 'c.jpg').write_bytes(b'broken')
    np.save(tmp_path / 'd.npy', np.stack([thermal_frame()] * 2))
    video = cv2.VideoWriter(str(tmp_path / 'e.mp4'),
                            cv2.VideoWriter_fourcc(*'mp4v'), 8, (160, 120))
    video.write(np.full((120, 160, 3), 90, np.uint8))
    video.release()
    inputs = [folder, tmp_path / 'd.npy', tmp_path / 'e.mp4',
              tmp_path / 'gone.png']
    files = [folder / 'a b.png', folder / 'c.jpg', inputs[1], inputs[1],
             *inputs[2:]]
    assert predict(*BOX, *inputs) == 1
    lines = lines_of(out)
    assert [line['image'] for line in lines] == [*map(str, files)]
    assert [line['source'] for line in lines] == [
        str(folder), *map(str, (folder, *files[2:]))]
    failed = [line for line in lines if 'error' in line]
    assert [(line['image'], line['faces']) for line in failed] == [
        (str(files[1]), []), (str(files[-1]), [])]
    assert 'cannot be decoded' in failed[0]['error']
    with open(out / 'results.csv') as file:
        assert [row['image'] for row in csv.DictReader(file)] == [
            line['image'] for line in lines if 'error' not in line]


def test_it_needs_no_model(out, tmp_path, capsys):
    """The shipped one finds landmarks, and says how sure it is of them."""
    cv2.imwrite(str(tmp_path / 'a.png'), thermal_frame())
    np.save(tmp_path / 'stack.npy', np.stack([thermal_frame()] * 2))
    arguments = ['predict', '--out-dir', str(out), *BOX]
    assert main([*arguments, str(tmp_path / 'a.png'),
                 str(tmp_path / 'stack.npy')]) == 0
    assert '3 frames, 3 faces, 0 problems' in capsys.readouterr().out
    face = lines_of(out)[0]['faces'][0]
    assert len(face['uncertainty_px']) == len(face['keypoints']) == 68
    assert 0 < face['face_score'] < 1
    with open(out / 'results.csv') as file:
        row = next(csv.DictReader(file))
    assert float(row['nose_tip_uncertainty_px']) == face['uncertainty_px'][30]
    assert float(row['face_score']) == face['face_score']
    assert main([*arguments[:3], '--min-face-score', '1',
                 str(tmp_path / 'a.png')]) == 0
    assert '1 frames, 0 faces' in capsys.readouterr().out


def test_it_says_what_to_do_if_no_face_was_found(out, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'wall.png'), np.full((120, 160), 90, np.uint8))
    assert main(['predict', str(tmp_path / 'wall.png'), '--out-dir',
                 str(out)]) == 0
    assert '--box 0,0,WIDTH,HEIGHT' in capsys.readouterr().err


def test_no_output_takes_the_place_of_another(predict, out, tmp_path):
    for folder in ('camA', 'camB'):
        (tmp_path / folder).mkdir()
        for name in ('1.png', '2.png', '1.bmp'):
            cv2.imwrite(str(tmp_path / folder / name),
                        (thermal_frame() >> 8).astype(np.uint8))
        np.save(tmp_path / folder / 'stack.npy', np.stack([thermal_frame()] * 2))
        cv2.imwritemulti(str(tmp_path / folder / 'stack.tif'),
                         [thermal_frame()] * 3)
    assert predict(*(tmp_path / folder / name for name in (
        '1.png', '2.png', '1.bmp', 'stack.npy', 'stack.tif')
                     for folder in ('camA', 'camB'))) == 0
    lines = lines_of(out)
    pictures = [line['picture'] for line in lines if 'picture' in line]
    assert pictures == ['1.png', 'camB_1.png', '2.png', 'camB_2.png',
                        'camA_1.png', 'camB_1_bmp.png']
    videos = [(line['video'], line['video_frame']) for line in lines
              if 'video' in line]
    assert videos == [(name, index) for name, count in (
        ('stack.mp4', 2), ('camB_stack.mp4', 2), ('camA_stack.mp4', 3),
        ('camB_stack_tif.mp4', 3)) for index in range(count)]
    for name, last in dict(videos).items():
        assert frames_of(out / name) == last + 1
    assert {path.name for path in out.iterdir()} == {
        *pictures, *dict(videos), 'results.jsonl', 'results.csv'}


def test_two_sequences_are_two_videos(predict, out, tmp_path):
    for folder in ('camA', 'camB'):
        (tmp_path / folder).mkdir()
        for index in range(2):
            cv2.imwrite(str(tmp_path / folder / f'{index}.png'),
                        thermal_frame(index))
    assert predict('--sequence', tmp_path / 'camA/*.png', tmp_path / 'camB',
                   '--max-frames', 2) == 0
    assert [line['video'] for line in lines_of(out)] == [
        'camA.mp4'] * 2 + ['camB.mp4'] * 2


@pytest.mark.parametrize('options, times', [((), 1), (BOX, 0)])
def test_it_says_once_that_it_takes_the_whole_image(
        predict, tmp_path, capsys, options, times):
    np.save(tmp_path / 'a.npy', np.stack([thermal_frame()] * 3))
    assert predict(*options, tmp_path / 'a.npy') == 0
    assert capsys.readouterr().err.count(
        'warning: neither --detector nor --box') == times


def test_a_video_of_one_fault_is_one_line(predict, tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 255, (5, 48, 64, 3), np.uint8)
    np.save(tmp_path / 'colour.npy', noise)
    cv2.imwrite(str(tmp_path / 'a.png'), thermal_frame())
    assert predict('--box', '40,20,60,40', tmp_path / 'colour.npy',
                   tmp_path / 'a.png') == 1
    printed = capsys.readouterr()
    assert '1 frames, 1 faces, 5 problems' in printed.out
    assert printed.err.count('different channels') == 1
    assert 'colour.npy: 4 more frames are unusable' in printed.err


def test_files_of_one_fault_are_a_line_each(predict, tmp_path, capsys):
    for name in ('a.png', 'b.png'):
        (tmp_path / name).write_bytes(b'broken')
    assert predict(tmp_path / 'a.png', tmp_path / 'b.png') == 1
    first, second = capsys.readouterr().err.splitlines()
    assert 'a.png cannot be decoded' in first
    assert second == f'error: {tmp_path / "b.png"}: the same problem'


def test_radiometric_jpegs_without_flyr(predict, out, tmp_path, monkeypatch,
                                        capsys):
    """One error, and the picture for whoever asks for it, grey or coloured."""
    monkeypatch.setitem(sys.modules, 'flyr', None)
    grey = thermal_frame()
    for name, picture in dict(grey=to_grey(grey)[0], iron=None).items():
        (tmp_path / f'{name}.jpg').write_bytes(
            radiometric_jpeg(grey, picture=picture))
    assert predict(tmp_path / 'grey.jpg', '--max-frames', 1) == 1
    told = capsys.readouterr().err
    assert told.count('mmpose_thermal[cameras]') == 1
    for name, palette in dict(grey='white-hot', iron='inferno').items():
        assert predict(*BOX, tmp_path / f'{name}.jpg', '--palette', palette) == 0
        assert 'skin_celsius' not in lines_of(out)[0]['faces'][0]
    assert predict(tmp_path / 'iron.jpg', '--palette', 'white-hot') == 1
    assert 'looks like a false-colour palette' in capsys.readouterr().err


def test_pictures_have_a_scale_and_on_request_a_palette_and_regions(
        predict, out, tmp_path):
    def drawn(image, *options):
        cv2.imwrite(str(tmp_path / 'a.png'), image)
        assert predict(*BOX, *options, tmp_path / 'a.png') == 0
        return cv2.imread(str(out / 'a.png')).astype(int)

    plain = drawn(thermal_frame())
    assert plain.shape == (480, 640 + SCALE_WIDTH, 3)
    assert np.ptp(plain[450:], axis=2).max() == 0  # grey
    coloured = drawn(thermal_frame(), '--picture-palette', 'iron')
    assert np.ptp(coloured[450:], axis=2).max() > 20
    assert (drawn(thermal_frame(), '--regions') != plain).any()
    assert drawn((thermal_frame() >> 8).astype(np.uint8)).shape[1] == 640


@pytest.mark.parametrize('moving, low', [(True, 21), (False, None)])
def test_the_temperature_scale_of_a_video_moves_slowly(moving, low):

    class Plotted:

        def __init__(self, celsius):
            self.celsius = np.full((4, 4), celsius, np.float32)

        def plot(self, palette, celsius_range, regions):
            return celsius_range

    draw = Pictures('iron', False, moving)
    draw(Plotted(20))
    shown = draw(Plotted(30))
    assert (shown and shown[0]) == (low and pytest.approx(low))


@pytest.mark.parametrize('options, message', [
    (('--picture-palette', 'irno'),
     "--picture-palette is 'irno', but must be one of"),
    (('--palette', 'irno'), "--palette is 'irno', but must be one of"),
    (('--model', 'gone.onnx'), 'gone.onnx does not exist'),
    (('--box', '1,2'), '--box 1,2: give four numbers'),
    (('--show', ), '--show needs a display'),
    (('--out-dir', '.'), 'a.png is in the output folder')])
def test_it_explains_what_it_lacks(predict, out, tmp_path, monkeypatch,
                                   options, message):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('a.png', thermal_frame())
    before = (tmp_path / 'a.png').read_bytes()
    status = predict(*options, 'a.png')
    assert re.match(f'error: .*{message}', status)
    assert (tmp_path / 'a.png').read_bytes() == before and not out.exists()


@pytest.mark.parametrize('where', ['in', 'in/*.jpg', 'in/a.jpg', 'in/..data'])
def test_results_are_not_written_among_the_inputs(
        predict, out, tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    for folder in ('in', 'in/..data'):
        (tmp_path / folder).mkdir()
        cv2.imwrite(f'{folder}/a.jpg', thermal_frame() >> 8)
    below = where == 'in/..data'
    status = predict(*BOX, '--out-dir', 'in', where)
    if below:  # nothing is overwritten there
        assert status == 0
    else:
        assert re.match('error: in.* choose another --out-dir', status)
        assert {path.name for path in (tmp_path / 'in').iterdir()} == {
            'a.jpg', '..data'}


def wait_for_lines(out):
    table, deadline = out / 'results.csv', time.monotonic() + 60
    while time.monotonic() < deadline and not (
            table.exists() and table.stat().st_size > 20000):
        time.sleep(.05)


def test_what_was_done_is_kept_when_it_is_killed(onnx, out, tmp_path):
    """Every line is on disk when it is written."""
    np.save(tmp_path / 'stack.npy', np.stack([thermal_frame()] * 3000))
    process = subprocess.Popen(
        [sys.executable, '-m', 'mmpose_thermal.cli', 'predict', '--model', onnx,
         '--out-dir', out, tmp_path / 'stack.npy'], cwd=REPOSITORY,
        stdout=subprocess.DEVNULL)
    wait_for_lines(out)
    process.kill()
    process.wait()
    assert 5 < len(lines_of(out)) < 3000


@pytest.mark.parametrize('sent', [
    signal.SIGINT, signal.SIGTERM, getattr(signal, 'SIGHUP', signal.SIGTERM)])
def test_a_stopped_run_keeps_its_video(onnx, out, tmp_path, sent):
    np.save(tmp_path / 'stack.npy', np.stack([thermal_frame()] * 3000))
    process = subprocess.Popen(
        [sys.executable, '-m', 'mmpose_thermal.cli', 'predict', '--model', onnx,
         *BOX, '--out-dir', out, tmp_path / 'stack.npy'], cwd=REPOSITORY,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_lines(out)
    process.send_signal(sent)
    printed, errors = process.communicate()
    assert process.returncode == 130 and errors.endswith('stopped\n')
    faces = int(re.search(r'(\d+) faces, 0 problems', printed).group(1))
    assert 0 <= len(lines_of(out)) - faces <= 1  # stopped between line and count
    assert 0 <= frames_of(out / 'stack.mp4') - len(lines_of(out)) <= 1
    assert 5 < len(lines_of(out)) < 3000


def test_problems_before_ctrl_c_count(predict, tmp_path, monkeypatch, capsys):
    frames = np.stack([thermal_frame()] * 4).astype(np.float32) / 100
    frames[1] = np.nan
    np.save(tmp_path / 'frames.npy', frames)
    add, added = ResultFiles.add, []

    def add_until_ctrl_c(*arguments):
        added.append(add(*arguments))
        if len(added) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(ResultFiles, 'add', add_until_ctrl_c)
    assert predict(*BOX, tmp_path / 'frames.npy') == 1
    assert '2 frames, 2 faces, 1 problems' in capsys.readouterr().out


def test_a_video_that_could_not_be_written_is_an_error(
        predict, tmp_path, monkeypatch):
    class FullDisk:

        def __init__(self, *arguments, make=cv2.VideoWriter):
            self.writer, self.room = make(*arguments), 2
            self.isOpened, self.release = self.writer.isOpened, self.writer.release

        def write(self, picture):
            self.room -= 1
            if self.room >= 0:
                self.writer.write(picture)

    monkeypatch.setattr(cv2, 'VideoWriter', FullDisk)
    np.save(tmp_path / 'frames.npy', np.stack([thermal_frame()] * 4))
    assert re.search('frames.mp4 is damaged: it holds 2 of 4 pictures',
                     predict(*BOX, tmp_path / 'frames.npy'))


def test_low_scores_in_videos(out, tmp_path, monkeypatch):
    def unsure(images):
        points = np.array([[[9., 9], [32, 32], [55, 55]]] * len(images))
        return [points, np.full(points.shape[:2], .1)]

    def detector(images):
        return [np.array([[[40., 20, 110, 100]]]), np.ones((1, 1))]

    unsure.info = ModelInfo('landmarks', (64, 64), 1, ['keypoints', 'scores'],
                            keypoints=list('abc'))
    detector.info = ModelInfo('detection', (160, 120), 1, ['boxes', 'scores'])
    monkeypatch.setattr(
        prediction_run, 'load_landmarker', lambda *_, **options:
        ThermalLandmarker(unsure, detector=detector, **options))
    np.save(tmp_path / 'frames.npy', np.stack([thermal_frame()] * 2))
    for options, faces in (((), 0), (('--min-face-score', '0'), 1)):
        assert main(['predict', str(tmp_path / 'frames.npy'), '--out-dir',
                     str(out), *options]) == 0
        assert [len(line['faces']) for line in lines_of(out)] == [faces] * 2


def test_names_that_are_no_text(predict, out, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b'/bad\xff.png')
    cv2.imwrite(str(tmp_path / 'a.png'), thermal_frame())
    os.rename(tmp_path / 'a.png', path)
    assert predict(*BOX, path) == 0
    assert lines_of(out)[0]['image'] == path
    assert r'bad\udcff.png' in (out / 'results.csv').read_text()
    assert (out / 'bad_.png').exists()


# -- cameras ----------------------------------------------------------------


def plugged_in(monkeypatch, **devices):
    """Cameras by their index: camera0=..."""
    others = cv2.VideoCapture
    monkeypatch.setattr(captures, '_CAMERA_WAIT_S', 0)
    monkeypatch.setattr(
        cv2, 'VideoCapture', lambda where: devices.get(
            f'camera{where}') or others(where))


def test_an_unplugged_camera_keeps_its_results_and_the_next_goes_on(
        predict, out, monkeypatch, capsys):
    words = scene(160, 120)[1]
    plugged_in(monkeypatch, camera0=Device([words] * 3, pause_s=.02),
               camera1=Device([words] * 9), camera2=Device([words], pause_s=.02))
    assert predict(*BOX, '0', '/dev/video1', '2', '--camera', 'lepton') == 1
    printed = capsys.readouterr()
    assert printed.err.count('was unplugged') == 3
    lines = lines_of(out)
    assert {line['source'] for line in lines} == {'0', '/dev/video1', '2'}
    assert sum('unplugged' in line.get('error', '') for line in lines) == 3
    assert not any('image' in line for line in lines)  # they are in no file
    assert lines[0]['faces'][0]['skin_celsius']['nose_tip'] > 0


def test_a_camera_of_another_kind_is_one_message(
        predict, out, tmp_path, monkeypatch, capsys):
    plugged_in(monkeypatch, camera0=Device([scene(160, 120)[1]] * 9))
    np.save(tmp_path / 'frames.npy', np.stack([scene(320, 256)[1]] * 2))
    assert predict(*BOX, '0', tmp_path / 'frames.npy', '--camera',
                   'boson') == 1
    printed = capsys.readouterr()
    assert printed.err.count('error: ') == 1
    assert 'uint16 of 160x120 pixels instead of 16-bit words of 640x512' in \
        printed.err
    camera, *frames = lines_of(out)
    assert camera['source'] == '0' and 'instead of' in camera['error']
    assert ['error' in line for line in frames] == [False, False]


def test_slow_processing_drops_frames(predict, out, monkeypatch, capsys):
    device = Device([scene(160, 120)[1]] * 200, pause_s=.0005)
    device.properties['FPS'] = 500
    plugged_in(monkeypatch, camera0=device)
    assert predict(*BOX, '0') == 1
    # The video plays as fast as the scene was.
    *frames, _ = lines_of(out)
    late = [frame['video_frame'] - 500 * (frame['time_s'] - frames[0]['time_s'])
            for frame in frames]
    assert late[-1] > -2 and frames_of(out / 'camera0.mp4') == frames[-1][
        'video_frame'] + 1
    printed = capsys.readouterr().out
    dropped = int(re.search(r'0: (\d+) frames dropped', printed).group(1))
    frames = int(re.search(r'^(\d+) frames, ', printed, re.M).group(1))
    assert dropped + frames == 200


@pytest.mark.parametrize('options, turn', [
    (('--rotate', 90), lambda picture: np.rot90(picture, -1)),
    (('--rotate', 270, '--mirror'),
     lambda picture: np.rot90(picture)[:, ::-1]),
    (('--mirror', ), lambda picture: picture[:, ::-1])])
def test_pictures_are_turned(predict, out, tmp_path, options, turn):
    frame = (thermal_frame() >> 8).astype(np.uint8)
    frame[:30] = 200
    cv2.imwrite(str(tmp_path / 'a.png'), frame)
    assert predict('--box', '0,0,9,9', *options, tmp_path / 'a.png') == 0
    shown = cv2.imread(str(out / 'a.png'), 0)
    turned = turn(frame)
    assert shown.shape[0] / shown.shape[1] == pytest.approx(
        turned.shape[0] / turned.shape[1])
    small = cv2.resize(shown, turned.shape[::-1])
    assert np.abs(small.astype(int) - turned)[20:-20, 20:-20].mean() < 3


def test_frame_rate_of_stacks_is_theirs(predict, out, tmp_path):
    np.save(tmp_path / 'a.npy', np.stack([thermal_frame()] * 3))
    assert predict(*BOX, '--fps', 8, tmp_path / 'a.npy') == 0
    assert [line['time_s'] for line in lines_of(out)] == [0, .125, .25]
    video = cv2.VideoCapture(str(out / 'a.mp4'))
    assert video.get(cv2.CAP_PROP_FPS) == 8


def test_messages_name_options(predict, tmp_path, capsys):
    """What a message says to set is set in the same words."""
    np.save(tmp_path / 'deci.npy', (thermal_frame() // 10)[..., None])
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'colour.png'), noise)
    assert predict(*BOX, tmp_path / 'deci.npy') == 0
    told = capsys.readouterr().err
    assert 'with --temperature-scale 0.01 and --temperature-offset 0 ' in told
    remedy = re.search('set (--temperature-scale 0.1 --temperature-offset 0)',
                       told).group(1)
    assert 'temperature_' not in told
    assert predict(*BOX, tmp_path / 'deci.npy', *remedy.split()) == 0
    assert 'temperature' not in capsys.readouterr().err
    assert predict(*BOX[:1], '0,0,40,40', tmp_path / 'colour.png') == 1
    assert 'set --palette to its name' in capsys.readouterr().err


@pytest.mark.parametrize('options, message', [
    (('--camera', 'leptn'), "no camera 'leptn': choose one of auto, lepton"),
    (('--camera', 'lepton', '--temperature-scale', '.04'),
     '--camera lepton knows the unit')])
def test_camera_options_are_checked(predict, options, message):
    assert message in predict(*options, '0')


def test_help_lists_all_cameras(capsys):
    with pytest.raises(SystemExit):
        main(['predict', '--help'])
    text = ' '.join(capsys.readouterr().out.split())
    assert all(name in text for name in CAMERAS)
