"""USB cameras by the bytes that they send, and live reading."""
import http.server
import os
import subprocess
import threading
import time

import cv2
import numpy as np
import pytest
from fake_cameras import Device, record, scene, telemetry, two_parts

from mmpose_thermal.runtime import captures
from mmpose_thermal.runtime.cameras import camera_named
from mmpose_thermal.runtime.captures import Capture
from mmpose_thermal.runtime.input_options import InputOptions
from mmpose_thermal.runtime.live import CameraSource, device_index, is_live

@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(captures, '_CAMERA_WAIT_S', 0)


def first_image(camera, frames, **options):
    return Capture(0, Device(frames, **options), camera).read()


@pytest.mark.parametrize('camera', ['lepton', 'auto'])
@pytest.mark.parametrize('width, height, rows', [
    (160, 120, 0), (160, 120, 2), (80, 60, 3)])
def test_lepton_gives_kelvin_without_telemetry(camera, width, height, rows):
    kelvin, words = scene(width, height)
    sent = np.vstack([words, telemetry(rows, width)])
    image = first_image(camera, [sent])
    assert image.dtype == np.float32 and image.shape == (height, width)
    np.testing.assert_allclose(image, kelvin, atol=.006)


def test_telemetry_may_come_first_and_knows_the_gain():
    kelvin, words = scene(160, 120, .1)
    sent = np.vstack([telemetry(2, 160, resolution=0), words])
    np.testing.assert_allclose(
        first_image('lepton', [sent]), kelvin, atol=.06)


def test_low_gain_is_named_recognised_or_told():
    kelvin, words = scene(160, 120, .1)
    for camera in ('lepton-low-gain', 'auto'):
        np.testing.assert_allclose(
            first_image(camera, [words]), kelvin, atol=.06)
    with pytest.raises(ValueError, match='give --camera lepton-low-gain'):
        first_image('lepton', [words])


@pytest.mark.parametrize('camera', ['lepton', 'auto'])
def test_counts_of_a_lepton_without_radiometry_are_a_picture(camera):
    words = (8000 + np.arange(120 * 160) % 160).reshape(120, 160).astype('<u2')
    with pytest.warns(UserWarning, match='TLinear'):
        image = first_image(camera, [words])
    assert image.dtype == np.uint8 and np.ptp(image) > 200


@pytest.mark.parametrize('camera', ['boson', 'auto'])
@pytest.mark.parametrize('rows', [0, 2])
def test_boson(camera, rows):
    kelvin, words = scene(320, 256)
    sent = np.vstack([telemetry(rows, 320), words])
    np.testing.assert_allclose(
        first_image(camera, [sent]), kelvin, atol=.006)
    with pytest.warns(UserWarning, match='radiometric'):
        assert first_image(camera, [sent // 2]).dtype == np.uint8


@pytest.mark.parametrize('camera', ['infiray', 'topdon', 'auto'])
def test_two_part_cameras_give_the_lower_half(camera):
    kelvin, brightness, sent = two_parts()
    image = first_image(camera, [sent], fourccs=(b'YUYV', ))
    np.testing.assert_allclose(image, kelvin, atol=.01)
    picture, _ = camera_named(camera).split(sent)
    assert (picture == brightness).all()


def test_two_part_camera_is_asked_for_both_parts():
    _, _, sent = two_parts()
    device = Device([sent], fourccs=(b'YUYV', ))
    device.properties['FRAME_HEIGHT'] = 192  # the picture alone
    assert Capture(0, device, 'infiray').read().shape == (192, 256)
    assert device.properties['FRAME_HEIGHT'] == 384


def seek_frame(kind):
    words = np.full((156, 208), 7000) + np.arange(208) * 10
    words[60:100, 80:120] += (kind == 3) * 300
    words[::15, ::15] = 0  # black on every sensor
    words[0, 10] = kind
    return words.astype('<u2')


def test_seek_subtracts_its_shutter_and_leaves_out_calibration():
    image = first_image('seek', map(seek_frame, (4, 1, 3)), fourccs=(b'Y16 ', ))
    assert image.shape == (155, 206) and image.dtype == np.uint8
    assert (image[70:90, 90:110] == 255).all() and (image[:50] == 0).all()


@pytest.mark.parametrize('camera, options, message', [
    ('lepton', dict(fourccs=(b'YUYV', )), "'YUYV' of 160x120 .* needs 'Y16 '"),
    ('infiray', dict(fourccs=(b'MJPG', )), "'MJPG' .* needs 'YUYV'"),
    ('boson', {}, 'not the frames of --camera boson: uint16 of 160x120'),
    ('seek', {}, 'instead of 16-bit words of 208x156, 342x260'),
    ('leptn', {}, "no camera 'leptn'.*lepton-low-gain")])
def test_another_camera_than_named_is_told(camera, options, message):
    device = Device([scene(160, 120)[1]] * 9, **options)
    with pytest.raises(ValueError, match=message):
        Capture(0, device, camera).read()


def test_part_of_a_frame_is_skipped():
    kelvin, words = scene(160, 120)
    class Broken(Device):
        reads = 0

        def read(self):
            good, image = super().read()
            self.reads += 1
            return good, image[:, :999] if self.reads == 1 else image
    image = Capture(0, Broken([words] * 2), 'lepton').read()
    np.testing.assert_allclose(image, kelvin, atol=.006)


@pytest.mark.parametrize('fourccs', [(b'YUYV', ), (b'MJPG', )])
def test_auto_leaves_other_cameras_as_they_are(fourccs):
    image = first_image('auto', [scene(64, 48)[1]], fourccs=fourccs)
    assert image.shape == (48, 64, 3)


def test_auto_returns_unknown_words_unchanged():
    words = scene(200, 100)[1]
    assert (first_image('auto', [words]) == words).all()


# -- recordings and streams --------------------------------------------------


needs_ffmpeg = pytest.mark.skipif(
    subprocess.run(['which', 'ffmpeg'], capture_output=True).returncode != 0,
    reason='needs ffmpeg')


@needs_ffmpeg
@pytest.mark.parametrize('name', ['a.avi', 'a.mkv'])
def test_recordings_of_two_part_cameras_keep_temperatures(tmp_path, name):
    kelvin, _, sent = two_parts()
    record(tmp_path / name, sent, 'yuyv422', '-c:v', 'copy')
    frames = [*CameraSource(str(tmp_path / name), 'infiray')]
    assert [frame.time_s for frame in frames] == [0, .04, .08]
    for frame in frames:
        np.testing.assert_allclose(frame.image, kelvin, atol=.01)


@needs_ffmpeg
def test_recordings_of_leptons(tmp_path):
    kelvin, words = scene(160, 120)
    sent = np.vstack([words, telemetry(2, 160)])
    record(tmp_path / 'a.mkv', sent, 'gray16le', '-c:v', 'ffv1')
    frames = [*CameraSource(str(tmp_path / 'a.mkv'), 'lepton')]
    assert len(frames) == 3 and frames[0].name == 'a_000000'
    np.testing.assert_allclose(frames[2].image, kelvin, atol=.006)


@needs_ffmpeg
def test_recordings_can_be_read_twice(tmp_path):
    record(tmp_path / 'a.mkv', scene(160, 120)[1], 'gray16le', '-c:v', 'ffv1')
    source = CameraSource(str(tmp_path / 'a.mkv'), 'lepton')
    assert [len([*source]), len([*source])] == [3, 3]
    assert all(frame.error is None for frame in source)


def test_calibration_frames_take_time_and_are_not_missing():
    kinds = [4, 1, *[3, 3, 3, 1] * 4]
    device = Device(map(seek_frame, kinds), fourccs=(b'Y16 ', ),
                    CODEC_PIXEL_FORMAT=int.from_bytes(b'Y1\0\x10', 'little'),
                    FRAME_COUNT=len(kinds))
    frames = [*CameraSource('a.mkv', 'seek', device)]
    assert [frame.error for frame in frames] == [None] * 12
    assert [frame.time_s for frame in frames] == [
        index / 25 for index, kind in enumerate(kinds) if kind == 3]


def test_compressed_recordings_have_a_picture_only(cases):
    path = str(cases / '34_videos' / 'tc001_YUYV_view.avi')
    with pytest.warns(UserWarning, match='converted to 8 bits') as told:
        frames = [*CameraSource(path, 'topdon')]
    assert len(told) == 1
    assert [frame.image.shape for frame in frames] == [(192, 256, 3)] * 6


@needs_ffmpeg
def test_streams_by_address(tmp_path):
    """A server that ends is told; the password is in no name."""
    record(tmp_path / 'a.mkv', scene(160, 120)[1], 'gray16le', '-c:v', 'ffv1',
           '-live', '1')

    class Handler(http.server.SimpleHTTPRequestHandler):

        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f'127.0.0.1:{server.server_address[1]}/a.mkv'
        source = CameraSource(f'http://me:secret@{address}')
        *frames, last = source
        server.shutdown()
    assert frames and frames[-1].image.dtype == np.float32
    assert source.names == ('127.0.0.1/a.mkv', )
    assert source.name == f'http://{address}'
    assert 'ended after 3 frames' in last.error and 'secret' not in last.error
    with pytest.raises(ValueError, match='check the address') as told:
        CameraSource(f'http://me:secret@{address}')
    assert 'secret' not in str(told.value)


def test_what_is_live(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink('/dev/video3', 'by-id')
    assert [device_index(where) for where in (
        '0', '/dev/video12', 'by-id', 'a.png')] == [0, 12, 3, None]
    assert is_live('rtsp://host/a') and not is_live('a.png')
    os.mkdir('0')
    assert not is_live('0')


# -- live mode --------------------------------------------------------------


def test_live_frames_are_the_newest():
    """Whoever is slow misses frames instead of falling behind."""
    frames = [scene(160, 120)[1] + index for index in range(30)]
    device = Device(frames, pause_s=.01)
    source = CameraSource('0', 'lepton', device)
    seen = []
    for frame in source:
        if frame.error:
            break
        seen.append(int(frame.name[-6:]))
        lag = 30 - len(device.frames) - 1 - seen[-1]
        assert lag <= 1
        time.sleep(.05)
    assert seen == sorted(set(seen)) and seen[-1] == 29 and len(seen) < 15
    assert source.dropped == 30 - len(seen)


def test_an_unplugged_camera_is_told_after_its_last_frame():
    device = Device([scene(160, 120)[1]] * 3)
    *frames, last = CameraSource('/dev/video2', 'lepton', device)
    assert frames and 'Camera 2 stopped' in last.error
    assert 'after 3: it was unplugged' in last.error
    assert device.where == 2 and device.released


class BrokenDevice(Device):

    def __init__(self, error):
        super().__init__([scene(160, 120)[1]] * 9, pause_s=.01)
        self.error = error

    def read(self):
        if len(self.frames) < 7:
            raise self.error
        return super().read()


def test_whatever_ends_the_reading_is_told():
    *frames, last = CameraSource('0', 'lepton', BrokenDevice(cv2.error('lost')))
    assert frames and 'Camera 0 cannot be read: OpenCV reports' in last.error
    device, raised = BrokenDevice(MemoryError()), []

    def read():  # in a thread, as it would wait forever
        try:
            [*CameraSource('0', 'lepton', device)]
        except MemoryError as error:
            raised.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(20)
    assert raised == [device.error] and device.released


def test_live_reading_ends_with_its_reader():
    device = Device([scene(160, 120)[1]] * 1000, pause_s=.005)
    for _ in CameraSource('0', 'lepton', device):
        break
    deadline = time.monotonic() + 5
    while not device.released and time.monotonic() < deadline:
        time.sleep(.01)
    assert device.released and len(device.frames) > 900


def test_a_wrong_layout_ends_the_camera():
    frame, = CameraSource('0', 'boson', Device([scene(160, 120)[1]] * 9))
    assert frame.error.startswith('Camera 0: these are not the frames of '
                                  '--camera boson')


@pytest.mark.skipif(not os.path.isdir('/sys/module/v4l2loopback'),
                    reason='needs the kernel module v4l2loopback')
@needs_ffmpeg
def test_a_loopback_device_gives_kelvin(tmp_path):
    """modprobe v4l2loopback video_nr=42"""
    kelvin, words = scene(160, 120)
    record(tmp_path / 'a.mkv', words, 'gray16le', '-c:v', 'ffv1')
    sender = subprocess.Popen(
        ['ffmpeg', '-v', 'error', '-re', '-stream_loop', '-1', '-i',
         str(tmp_path / 'a.mkv'), '-f', 'v4l2', '/dev/video42'])
    try:
        time.sleep(1)
        frame = next(iter(CameraSource('/dev/video42', 'lepton')))
    finally:
        sender.kill()
        sender.wait()
    np.testing.assert_allclose(frame.image, kelvin, atol=.006)


@pytest.mark.parametrize('field, value', [
    ('rotate', 45), ('camera', 'flir'), ('live_camera', 'flir'), ('fps', -1),
    ('fps', 0), ('fps', float('nan'))])
def test_options_are_checked_when_they_are_set(field, value):
    with pytest.raises(ValueError, match=f'{field.split("_")[-1]} '):
        InputOptions(**{field: value})
    assert InputOptions(fps=8.7, rotate=90, camera='auto', live_camera=None)
