"""Whatever has frames goes into ThermalLandmarker as it is."""
import time
import warnings

import cv2
import numpy as np
import pytest
from fake_cameras import Device, scene
from test_landmarker import (BOX, Detector, Network, UnsureNetwork, grey,
                             pil_of)

from mmpose_thermal.apis import (FaceTracker, Results, Source,
                                 ThermalLandmarker)
from mmpose_thermal.runtime import captures


@pytest.fixture
def folder(tmp_path):
    for name in 'ab':
        cv2.imwrite(str(tmp_path / f'{name}.png'), grey())
    np.save(tmp_path / 'c.npy', np.stack([grey()] * 3))
    return tmp_path


def video(path, frames=4):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10,
                             (128, 128))
    for _ in range(frames):
        writer.write(cv2.merge([grey()] * 3))
    writer.release()
    return path


def test_sources_are_read_frame_by_frame(folder, tmp_path):
    landmarker = ThermalLandmarker(Network(), detector=Detector())
    for source, count in ((folder, 5), (f'{folder}/[ab].png', 2),
                          (folder / 'c.npy', 3), (str(folder / 'c.npy'), 3),
                          (video(tmp_path / 'v.avi'), 4),
                          (Source(str(folder)), 5)):
        found = landmarker(source)
        assert iter(found) is found
        assert [len(results) for results in found] == [2] * count
    assert len(landmarker(folder / 'a.png')) == 2  # one image, one result


def test_sources_are_read_lazily(tmp_path):
    """An endless one gives its first frames."""
    class Endless:
        released = False

        def __init__(self, where):
            assert where == 7

        def isOpened(self):
            return True

        def set(self, *_):
            return True

        def get(self, *_):
            return 0

        def read(self):
            return True, cv2.merge([grey()] * 3)

        def release(self):
            self.released = True

    found = ThermalLandmarker(Network())(Source('7', open_capture=Endless),
                                         BOX)
    assert [len(next(found)) for _ in range(5)] == [1] * 5
    assert next(found).time_s >= 0
    found.close()


def plug_in(monkeypatch, frames, **options):
    """Stands in for whatever camera or stream is opened next."""
    device = Device(frames, **options)
    monkeypatch.setattr(cv2, 'VideoCapture', device)
    monkeypatch.setattr(captures, '_CAMERA_WAIT_S', 0)
    return device


@pytest.mark.parametrize('where', [2, '2', '/dev/video2'])
def test_cameras_are_opened_by_number_or_device(where, monkeypatch):
    kelvin, words = scene(160, 120)
    device = plug_in(monkeypatch, [words] * 3)
    landmarker = ThermalLandmarker(Network())
    with pytest.warns(UserWarning, match='Camera 2 stopped'):
        *found, last = landmarker(where, BOX, on_error='skip')
    assert device.where == 2 and last == []
    assert found[0].celsius == pytest.approx(kelvin - 273.15, abs=.01)


def test_streams_are_opened_by_address(monkeypatch):
    address = 'rtsp://me:secret@host/a'
    device = plug_in(monkeypatch, [scene(160, 120)[1]] * 3,
                     fourccs=(b'H264', ))
    landmarker = ThermalLandmarker(Network())
    with pytest.warns(UserWarning) as warned:
        *found, last = landmarker(address, BOX, on_error='skip')
    assert device.where == address and found
    assert [len(results) for results in found] == [1] * len(found)
    assert 'rtsp://host/a ended after 3 frames' in last.error
    with pytest.raises(ValueError, match='rtsp://host/a is a camera or stream'):
        landmarker([address])
    told = [*map(str, warned), last.error, *(each.name for each in found)]
    assert 'secret' not in ' '.join(told)


def test_results_of_cameras_do_not_lag(monkeypatch):
    """A frame is taken when it is asked for, not ahead."""
    device = plug_in(monkeypatch, [scene(160, 120)[1]] * 5000, pause_s=.002)
    found = ThermalLandmarker(Network())('0', BOX)
    next(found)
    started = next(found).time_s
    time.sleep(.3)
    assert next(found).time_s > started + .25
    found.close()
    deadline = time.monotonic() + 5
    while not device.released and time.monotonic() < deadline:
        time.sleep(.01)
    assert device.released and len(device.frames) > 1000


def test_results_know_their_frame(folder, tmp_path):
    landmarker = ThermalLandmarker(Network())
    names = [results.name for results in landmarker(folder, BOX)]
    assert names == [str(folder / name)
                     for name in ('a.png', 'b.png', *['c.npy'] * 3)]
    times = [results.time_s for results in
             landmarker(video(tmp_path / 'v.avi'), BOX)]
    assert times == pytest.approx([0, .1, .2, .3])
    assert landmarker(grey(), BOX).time_s is None


def test_sources_take_boxes_for_all_frames_or_for_each(folder):
    landmarker = ThermalLandmarker(Network(), detector=Detector())
    path = folder / 'c.npy'
    assert [*map(len, landmarker(path, BOX))] == [1, 1, 1]
    assert [*map(len, landmarker(path, [BOX, BOX * 2, None]))] == [1, 2, 2]
    assert [*map(len, landmarker.stream(path, [BOX] * 3))] == [1, 1, 1]
    found = landmarker(path, [BOX] * 2)
    assert len(next(found)) == len(next(found)) == 1
    with pytest.raises(ValueError, match='boxes end after 2 images'):
        next(found)


@pytest.mark.parametrize('batch', [False, True])
def test_unusable_images_may_be_skipped(folder, batch):
    (folder / 'aa.png').write_bytes(b'no image')
    landmarker = ThermalLandmarker(Network(), detector=Detector())
    given = [folder / f'{name}.png' for name in ('a', 'aa', 'b')]
    images, boxes = (given, [BOX] * 3) if batch else (
        f'{folder}/*.png', BOX)
    with pytest.warns(UserWarning, match='Image 1 .* skipped: .*aa.png'):
        found = [*landmarker(images, boxes, on_error='skip')]
    assert [len(results) for results in found] == [1, 0, 1]
    assert 'aa.png cannot be decoded' in found[1].error
    assert found[1].name == str(folder / 'aa.png')
    assert found[0].error is None
    with pytest.raises(ValueError, match='aa.png cannot be decoded'):
        [*landmarker(images, boxes)]


def test_one_unusable_image_may_be_skipped(tmp_path):
    landmarker = ThermalLandmarker(Network())
    (tmp_path / 'bad.png').write_bytes(b'no image')
    with pytest.warns(UserWarning, match='bad.png cannot be decoded'):
        found = landmarker(tmp_path / 'bad.png', BOX, on_error='skip')
    assert found == [] and 'bad.png cannot be decoded' in found.error
    with pytest.raises(ValueError, match="'raise', 'skip'"):
        landmarker(grey(), BOX, on_error='ignore')
    with pytest.raises(FileNotFoundError, match='gone.mp4 does not exist'):
        landmarker(tmp_path / 'gone.mp4')


def test_tracking_takes_sources(folder):
    landmarker = ThermalLandmarker(Network(), detector=Detector())
    found = [*landmarker.track(folder / 'c.npy', smooth=True)]
    assert [[face.track_id for face in results] for results in found] == [
        [0, 1]] * 3
    assert found[2].time_s == pytest.approx(.08)
    # Boxes are those of the first frame.
    found = [*landmarker.track([grey()] * 3, BOX, max_lost=0)]
    assert [len(results) for results in found] == [1, 1, 1]
    (folder / 'aa.png').write_bytes(b'no image')
    with pytest.warns(UserWarning, match='aa.png cannot be decoded'):
        found = [*landmarker.track(f'{folder}/*.png', on_error='skip')]
    assert [len(results) for results in found] == [2, 0, 2]
    with pytest.raises(ValueError, match='aa.png cannot be decoded'):
        [*landmarker.track(f'{folder}/*.png')]
    bad = np.full((128, 128), np.nan, np.float32)
    with pytest.warns(UserWarning, match='Image 0 of the stream is skipped'):
        found = [*ThermalLandmarker(Network()).track(
            [bad, grey(), grey()], BOX, on_error='skip')]
    assert [len(results) for results in found] == [0, 1, 1]
    with pytest.raises(ValueError, match="'raise', 'skip'"):
        landmarker.track(folder, on_error='ignore')
    with pytest.raises(ValueError, match='no face to start from'):
        ThermalLandmarker(Network()).track(folder)
    unsure = ThermalLandmarker(UnsureNetwork(.4), detector=Detector(),
                               min_face_score=.5)
    assert [*map(len, unsure.track([grey()] * 2))] == [0, 0]
    assert [*map(len, unsure.track([grey()] * 2, min_score=.3))] == [2, 2]
    for least, faces in ((None, 0), (0., 2), (.1, 2), (.25, 0)):
        unsure = ThermalLandmarker(UnsureNetwork(.2), detector=Detector(),
                                   min_face_score=least)
        assert [*map(len, unsure.track([grey()] * 2))] == [faces] * 2


def test_pil_images_of_a_batch():
    assert [*map(len, ThermalLandmarker(Network())(
        [pil_of(grey()), pil_of(grey(), 'RGB')], [BOX, BOX]))] == [1, 1]


def test_without_detection_the_image_is_the_face():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        landmarker = ThermalLandmarker(Network(), detect=False)
        face, = landmarker(grey())
        assert face.box.tolist() == [0, 0, 128, 128]
        assert landmarker(grey(), BOX)[0].box.tolist() == BOX[0]
    # The shipped detector is not even loaded.
    assert ThermalLandmarker(detect=False).detector is None
    with pytest.raises(ValueError, match='detect=False, but a detector'):
        ThermalLandmarker(Network(), detector=Detector(), detect=False)


def test_tracking_gives_results_of_frames(folder):
    tracker = FaceTracker(
        ThermalLandmarker(Network(), detector=Detector()), smooth=True)
    for frame in Source(str(folder / 'c.npy')):
        results = tracker(frame)
        assert isinstance(results, Results)
        assert results.name == str(folder / 'c.npy')
        assert results.time_s == frame.time_s
        assert [face.track_id for face in results] == [0, 1]
    with pytest.raises(ValueError, match='cable'):
        tracker(type(frame)('d', None, error='cable'))
    assert [face.track_id for face in tracker(grey())] == [0, 1]
