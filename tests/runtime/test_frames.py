"""Frames of files, stacks, videos and cameras, as they are stored."""
import os
import shutil
import sys
import warnings

import cv2
import numpy as np
import pytest

from mmpose_thermal.runtime import Source, captures, decode_image
from mmpose_thermal.runtime.captures import Capture
from mmpose_thermal.runtime.stacks import is_batch, read_image
from mmpose_thermal.runtime.frames import UniqueNames


def radiometric(kelvin=300.):
    raw = np.full((80, 100), kelvin * 100, np.uint16)
    raw[30:50, 20:40] = 30915  # 36.0 degrees Celsius
    return raw


def frames_of(where):
    return [*Source(str(where))]


def test_files_of_all_kinds(tmp_path):
    raw = radiometric()
    for name in ('a.png', 'b.tiff'):
        cv2.imwrite(str(tmp_path / name), raw)
    np.save(tmp_path / 'c.npy', raw.astype(np.float32))
    (tmp_path / 'd.png').write_bytes(b'not an image')
    (tmp_path / 'notes.txt').write_text('no image')
    found = frames_of(tmp_path)
    assert [frame.name for frame in found] == ['a', 'b', 'c', 'd']
    assert all((frame.image == raw).all() for frame in found[:3])
    assert 'd.png cannot be decoded' in found[3].error
    np.save(tmp_path / 'e.npy', three_frames())
    assert [frame.name for frame in frames_of(tmp_path)] == [
        'a', 'b', 'c', 'd', 'e_000000', 'e_000001', 'e_000002']
    assert [f.name for f in frames_of(tmp_path / '*.png')] == ['a', 'd']
    assert not Source(str(tmp_path)).moving


# -- stacks -----------------------------------------------------------------


def three_frames():
    return np.stack([radiometric(300 + i) for i in range(3)])


def as_tiff(path, pages):
    assert cv2.imwritemulti(str(path), [*pages])


def number(content, place):
    return int.from_bytes(content[place], 'little')


def directories(content):
    """Of each page: where the first value of a tag is, by tag, and where the
    beginning of the next page is.
    """

    def at(start, size):
        return slice(start, start + size)

    following = at(4, 4)
    while number(content, following):
        start = number(content, following)
        count = number(content, at(start, 2))
        places = {}
        for row in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = (number(content, at(row + i, 2)) for i in (0, 2))
            size = {3: 2, 4: 4}.get(kind, 8)
            is_inside = size * number(content, at(row + 4, 4)) <= 4
            places[tag] = at(row + 8 if is_inside else number(
                content, at(row + 8, 4)), size)
        following = at(start + 2 + 12 * count, 4)
        yield places, following


def changed_tags(path, tag, values):
    content = bytearray(path.read_bytes())
    for (places, _), value in zip([*directories(content)], values):
        place = places[tag]
        content[place] = value.to_bytes(place.stop - place.start, 'little')
    path.write_bytes(content)


@pytest.mark.parametrize('name, array', [
    ('a.npy', three_frames()),
    ('a.NPY', three_frames()),
    ('a.npy', three_frames()[..., None]),
    ('a.npy', three_frames()[:, None]),
    ('a.npy', np.asfortranarray(three_frames())),
    ('a.npy', np.repeat((three_frames() >> 8).astype(np.uint8)[..., None], 3,
                        3)),
    ('a.npy', np.repeat((three_frames() >> 8).astype(np.uint8)[:, None], 3,
                        1)),
    ('a.npz', three_frames()),
    ('a.tif', three_frames()),
    ('a.TIFF', three_frames()),
])
def test_stacks_are_sequences(tmp_path, name, array):
    path = tmp_path / name
    if name.lower().endswith('npz'):
        np.savez_compressed(path, array)
    elif 'tif' in name.lower():
        as_tiff(path, array)
    else:
        with open(path, 'wb') as file:
            np.save(file, array)
    expected = three_frames() if array.dtype == np.uint16 else (
        three_frames() >> 8)
    source = Source(str(path))
    found = [*source]
    assert source.moving and len(source) == 3
    assert [frame.name for frame in found] == [f'a_{i:06d}' for i in range(3)]
    for frame, image in zip(found, expected):
        channels = frame.image.reshape(80, 100, -1)
        assert frame.image.dtype == array.dtype
        assert (channels == image[..., None]).all()
    assert found[2].time_s == pytest.approx(2 / 25)


@pytest.mark.parametrize('shape, many', [
    ((48, 64), False), ((48, 64, 1), False), ((48, 64, 3), False),
    ((48, 64, 4), False), ((1, 48, 64), True), ((3, 48, 64), True),
    ((5, 48, 64, 3), True), ((5, 3, 48, 64), True), ((5, 1, 48, 64), True),
    ((5, 48, 64, 1), True)])
def test_shapes_tell_images_from_batches(shape, many):
    assert is_batch(shape, 'it') is many


@pytest.mark.parametrize('shape, message', [
    ((48, 64, 2), 'two bytes per pixel'), ((5, 48, 64, 2), 'two bytes per pixel'),
    ((1, 5, 48, 64, 3), 'expected an image'), ((48, ), 'expected an image'),
    ((), 'expected an image'), ((0, 48), 'not empty'),
    ((5, 48, 0), 'not empty'), ((2, 300), 'too small for a face'),
    ((9, 3, 64), 'too small for a face'), ((5, 7, 48, 64), 'expected an image')])
def test_shapes_that_are_no_images_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        is_batch(shape, 'it')


def test_truncated_stacks_give_what_is_there(tmp_path):
    np.save(tmp_path / 'a.npy', three_frames())
    as_tiff(tmp_path / 'a.tif', np.random.default_rng(0).integers(
        0, 60000, (3, 80, 100)).astype(np.uint16))
    for name in ('a.npy', 'a.tif'):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:path.stat().st_size * 8 // 10])
        *good, last = Source(str(path))
        assert len(good) == 2 and all(f.image is not None for f in good)
        assert name in last.error and 'truncated' in last.error


def test_a_damaged_page_leaves_the_others(tmp_path):
    path = tmp_path / 'a.tif'
    as_tiff(path, three_frames())
    content = bytearray(path.read_bytes())
    _, (places, _), _ = directories(content)
    start, size = (number(content, places[tag]) for tag in (273, 279))
    content[start:start + size] = bytes(size)
    path.write_bytes(content)
    first, third, error = Source(str(path))
    assert [first.name, third.name] == ['a_000000', 'a_000002']
    assert '1 of 3 frames' in error.error and 'page 2' in error.error


def test_pages_that_opencv_does_not_read(tmp_path):
    frames = (three_frames() / 100).astype(np.float16)
    pytest.importorskip('tifffile').imwrite(
        tmp_path / 'a.tif', frames, photometric='minisblack')
    found = frames_of(tmp_path / 'a.tif')
    assert len(found) == 3
    for frame, image in zip(found, frames):
        assert frame.image.dtype == np.float32 and (frame.image == image).all()


def test_pages_that_lead_in_a_circle_come_once(tmp_path):
    path = tmp_path / 'a.tif'
    as_tiff(path, three_frames())
    content = bytearray(path.read_bytes())
    *_, (_, following) = directories(content)
    content[following] = content[4:8]
    path.write_bytes(content)
    *good, last = Source(str(path))
    assert len(good) == 3 and 'leads back' in last.error


@pytest.mark.parametrize('name, arrays, message', [
    ('a.npy', [np.zeros((48, 64, 2), np.uint8)], 'two bytes per pixel'),
    ('a.npy', [np.zeros((120, 160, 7))], r'np.moveaxis\(a, -1, 0'),
    ('a.npz', [np.zeros((120, 160, 7))], r'np.moveaxis\(a, -1, 0'),
    ('a.npz', [radiometric()] * 2, 'cannot be read: it holds 2 arrays .arr_0,'),
    ('a.npz', [np.array([1, 'a', None])], 'cannot be read: Object'),
    ('a.npz', b'PK\3\4', 'cannot be read: it is truncated')])
def test_arrays_that_are_no_frames_are_refused(tmp_path, name, arrays,
                                               message):
    path = str(tmp_path / name)
    if isinstance(arrays, bytes):
        (tmp_path / name).write_bytes(arrays)
    else:
        (np.save if name == 'a.npy' else np.savez)(path, *arrays)
    for read in (Source, read_image):
        with pytest.raises(ValueError, match=f'{name} .*{message}'):
            read(path)


SMALL = radiometric()[::4, ::4]


@pytest.mark.parametrize('pages', [
    [SMALL, radiometric()], [radiometric(), SMALL],
    [SMALL, SMALL, radiometric()], [radiometric(), SMALL, SMALL[::2, ::2]],
    [(SMALL >> 8).astype(np.uint8), radiometric()],
    # The camera's visible picture is larger and has fewer bits.
    [radiometric(), np.zeros((160, 200, 3), np.uint8)],
])
def test_thumbnails_are_no_frames(tmp_path, pages):
    path = str(tmp_path / 'a.tif')
    as_tiff(path, pages)
    as_tiff(tmp_path / 'b.tif', pages)
    with pytest.warns(UserWarning, match='a.tif: . of . pages left') as warned:
        assert (read_image(path) == radiometric()).all()
        source = Source(str(tmp_path / 'b.tif'))
        frame, = source
    assert len(warned) == 1 and not source.moving and len(source) == 1
    assert frame.name == 'b' and (frame.image == radiometric()).all()
    content = (tmp_path / 'a.tif').read_bytes()
    assert (decode_image(content, path) == radiometric()).all()


def test_pages_may_say_that_they_are_masks(tmp_path):
    as_tiff(tmp_path / 'a.tif', [radiometric(280.)] * 3 + [radiometric()])
    changed_tags(tmp_path / 'a.tif', 254, [4, 4, 4, 0])
    with pytest.warns(UserWarning, match='3 of 4 pages'):
        frame, = Source(str(tmp_path / 'a.tif'))
    assert (frame.image == radiometric()).all()


def test_a_page_whose_pixels_are_cut_off_says_so(tmp_path):
    as_tiff(tmp_path / 'a.tif', three_frames())
    changed_tags(tmp_path / 'a.tif', 273, [1 << 20])
    second, third, error = Source(str(tmp_path / 'a.tif'))
    assert [second.name, third.name] == ['a_000001', 'a_000002']
    assert 'page 1: ' in error.error and 'cannot be decoded' in error.error


def test_recordings_may_have_a_preview(tmp_path):
    path = str(tmp_path / 'a.tif')
    as_tiff(path, [np.zeros((160, 200), np.uint16), *three_frames()])
    with pytest.warns(UserWarning, match='1 of 4 pages'):
        found = [*Source(path)]
    assert all((frame.image == image).all()
               for frame, image in zip(found, three_frames()))
    assert len(found) == 3


@pytest.mark.parametrize('options', [
    dict(photometric='minisblack'), dict(imagej=True)])
def test_recordings_behind_one_page(tmp_path, options, monkeypatch):
    """As ImageJ and tifffile write them beyond 4 GB."""
    tifffile = pytest.importorskip('tifffile')
    path = tmp_path / 'a.tif'
    tifffile.imwrite(path, three_frames(), truncate=True, **options)
    source = Source(str(path))
    assert len(source) == 3 and source.moving
    assert all((frame.image == image).all()
               for frame, image in zip(source, three_frames()))
    with pytest.raises(ValueError, match='a.tif holds 3 frames'):
        decode_image(path.read_bytes(), str(path))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match='a.tif holds 3 frames .* truncated'):
        Source(str(path))
    monkeypatch.setitem(sys.modules, 'tifffile', None)
    with pytest.raises(ValueError, match=r'mmpose_thermal\[cameras\]'):
        Source(str(path))


def test_recordings_of_more_than_2_gib(tmp_path):
    """OpenCV takes no more bytes than an int counts."""
    tifffile = pytest.importorskip('tifffile')
    path = tmp_path / 'a.tif'
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for image in three_frames():
            writer.write(image, contiguous=False, metadata=None)
    os.truncate(path, (1 << 31) + 4096)  # takes no room on the disk
    found = [*Source(str(path))]
    assert [frame.error for frame in found] == [None] * 3
    assert all((frame.image == image).all()
               for frame, image in zip(found, three_frames()))


@pytest.mark.parametrize('image', [
    radiometric(), radiometric().astype(np.float32),
    np.zeros((80, 100, 3), np.uint8)])
def test_images_of_tifffile_are_images(tmp_path, image):
    tifffile = pytest.importorskip('tifffile')
    tifffile.imwrite(tmp_path / 'a.tif', image)
    frame, = Source(str(tmp_path / 'a.tif'))
    assert (frame.image == image).all()


# -- videos and cameras -----------------------------------------------------


def write_video(path, count=12, noise=0):
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    rng = np.random.default_rng(0)
    for index in range(count):
        writer.write((20 * index + rng.integers(
            0, noise + 1, (48, 64, 3))).astype(np.uint8))
    writer.release()


def test_videos(tmp_path):
    path = tmp_path / 'video.avi'
    write_video(path)
    source = Source(str(path))
    found = [*source]
    assert source.moving and source.fps == 10 and len(found) == 12
    assert found[5].image.mean() == pytest.approx(100, abs=3)
    assert found[5].time_s == pytest.approx(.5)
    assert len([*source]) == 12  # a second time

    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match='cannot be opened'):
        Source(str(path))


def test_a_truncated_video_ends_with_an_error(tmp_path):
    path = tmp_path / 'video.avi'
    write_video(path, noise=255)
    path.write_bytes(path.read_bytes()[:path.stat().st_size * 6 // 10])
    *frames, last = Source(str(path))
    assert 1 < len(frames) < 11 and all(f.image is not None for f in frames)
    assert last.image is None
    assert f'{len(frames)} of 12 frames: the file is truncated' in last.error


def write_16_bits(path, frames):
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), 10,
        frames.shape[:0:-1],
        [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U,
         cv2.VIDEOWRITER_PROP_IS_COLOR, 0])
    for frame in frames:
        writer.write(frame)
    writer.release()


def test_16_bit_videos_keep_their_bits(tmp_path):
    write_16_bits(tmp_path / 'a.mkv', three_frames())
    found = [*Source(str(tmp_path / 'a.mkv'))]
    assert len(found) == 3 and not any(frame.error for frame in found)
    assert all((frame.image == image).all() and frame.image.dtype == np.uint16
               for frame, image in zip(found, three_frames()))


class FakeCapture:
    """OpenCV's capture by its properties and the frames that it gives."""

    def __init__(self, frames, **properties):
        self.frames, self.released = [*frames], False
        self.properties = dict(
            FPS=30, FOURCC=bytes(4), CODEC_PIXEL_FORMAT=bytes(4),
            FRAME_COUNT=len(frames), FRAME_WIDTH=64, FRAME_HEIGHT=48)
        self.properties.update(properties)

    def __call__(self, where):
        return self

    def isOpened(self):
        return True

    def get(self, field):
        value = next(value for name, value in self.properties.items()
                     if getattr(cv2, f'CAP_PROP_{name}') == field)
        return float(int.from_bytes(value, 'little') if isinstance(
            value, bytes) else value)

    def set(self, field, value):
        self.properties.update({
            name: value for name in ('CONVERT_RGB', 'ORIENTATION_AUTO')
            if getattr(cv2, f'CAP_PROP_{name}') == field})
        return True

    def read(self):
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self):
        self.released = True


def counts(dtype='<u2'):
    return (29000 + np.arange(48 * 64).reshape(48, 64)).astype(dtype)


@pytest.mark.parametrize('fourcc, delivered', [
    (b'Y16 ', counts()),
    (b'Y16 ', counts()[..., None]),
    (b'Y16 ', counts().view(np.uint8)),  # (H, 2W)
    (b'Y16 ', counts().view(np.uint8).reshape(48, 64, 2)),
    (b'Y16 ', counts().view(np.uint8).reshape(1, -1)),
    (b'Y12 ', counts()),
    (b'Y16\xa0', counts('>u2').view('<u2')),  # bytes exchanged
])
def test_16_bit_cameras_keep_their_bits(fourcc, delivered):
    capture = FakeCapture([delivered], FOURCC=fourcc)
    image = Capture(0, capture).read()
    assert capture.properties['CONVERT_RGB'] == 0
    assert image.dtype == np.uint16 and (image == counts()).all()


def test_other_cameras_are_converted_as_ever():
    picture = np.zeros((48, 64, 3), np.uint8)
    capture = FakeCapture([picture], FOURCC=b'YUYV')
    assert Capture(0, capture).read() is picture
    assert 'CONVERT_RGB' not in capture.properties


def test_a_picture_with_numbers_below_it_is_grey():
    rng = np.random.default_rng(0)
    frame = np.repeat(rng.integers(0, 255, (384, 256, 1)), 3, 2)
    frame[192:] = rng.integers(0, 255, (192, 256, 3))
    frame = frame.astype(np.uint8)
    with pytest.warns(UserWarning, match='temperatures below') as warned:
        found = [*Source('0', open_capture=FakeCapture([frame, frame]))][:2]
    assert len(warned) == 1
    assert all((each.image[:192] == frame[:192, :, 0]).all() and
               each.image.shape == (384, 256) for each in found)
    for colours in (frame[::-1], frame[:, :250]):
        assert Capture(0, FakeCapture([colours])).read() is colours


def test_a_backend_that_converts_all_the_same_is_told():
    capture = FakeCapture([np.zeros((48, 64, 3), np.uint8)], FOURCC=b'Y16 ')
    frame, = Source('0', open_capture=capture)
    assert '16 bits per pixel, but OpenCV delivers uint8' in frame.error
    assert capture.released


@pytest.mark.parametrize('pixels, message', [
    (b'\x10\x001Y', '16-bit .*-pix_fmt gray16le'),
    (b'Y1\0\x0a', '10-bit .*multiplies values by 64'),
    (b'Y1\0\x0e', '14-bit .*multiplies values by 4'),
    (b'RGB\x0f', 'two bytes per pixel')])
def test_videos_that_opencv_would_convert_are_refused(tmp_path, pixels,
                                                      message):
    capture = FakeCapture([], CODEC_PIXEL_FORMAT=pixels)
    (tmp_path / 'a.mkv').write_text('')
    with pytest.raises(ValueError, match=f'a.mkv .*{message}'):
        Source(str(tmp_path / 'a.mkv'), open_capture=capture)
    assert capture.released


@pytest.mark.parametrize('pixels', [b'I420', b'YUY2', b'Y800', b'Y422',
                                    b'NV12', b'BGRA', b'PAL\x08', b'\0\0\0\0'])
def test_ordinary_videos_say_nothing(pixels):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        capture = FakeCapture([], CODEC_PIXEL_FORMAT=pixels)
        Capture('a.mp4', capture)
    # Videos of phones are turned.
    assert capture.properties['ORIENTATION_AUTO'] == 1
    assert 'CONVERT_RGB' not in capture.properties


def test_deep_colours_are_read_with_one_warning():
    with pytest.warns(UserWarning, match='10 bits per colour channel') as said:
        for _ in range(3):
            Capture('a.mp4',
                    FakeCapture([], CODEC_PIXEL_FORMAT=b'Y3\x0b\x0a'))
    assert len(said) == 1


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(captures, '_CAMERA_WAIT_S', 0)


def test_a_camera_that_is_unplugged_says_so():
    capture = FakeCapture([np.zeros((4, 4, 3), np.uint8)] * 3)
    *frames, last = Source('0', open_capture=capture)
    assert len(frames) == 3 and 'unplugged' in last.error
    assert all(frame.image is not None for frame in frames)
    assert [frame.name for frame in frames][0] == 'camera0_000000'


# -- names ------------------------------------------------------------------


def test_frames_of_one_name_are_told_apart(tmp_path):
    for folder in ('camA', 'camB'):
        (tmp_path / folder).mkdir()
        for name in ('1.png', '1.bmp', 'x y.png'):
            cv2.imwrite(str(tmp_path / folder / name),
                        np.zeros((8, 8), np.uint8))
    names = [frame.name for frame in Source(str(tmp_path / 'cam*/*.*'))]
    assert names == ['1', 'camA_1', 'x_y', 'camB_1', 'camB_1_png', 'camB_x_y']


def test_videos_of_a_folder_are_told_of(tmp_path):
    write_video(tmp_path / 'a.avi')
    with pytest.raises(FileNotFoundError, match='no image.* 1 videos.*a.avi'):
        Source(str(tmp_path))
    with pytest.raises(FileNotFoundError, match='no image.* 1 videos.*a.avi'):
        Source(str(tmp_path / '*.avi'))
    cv2.imwrite(str(tmp_path / 'a.png'), radiometric())
    with pytest.warns(UserWarning, match='only its 1 images .* 1 videos'):
        assert len([*Source(str(tmp_path))]) == 1


def test_what_a_folder_holds_besides_images_is_told(tmp_path):
    for name in ('frame_2.png', 'frame_10.png', 'frame_1.bmp'):
        cv2.imwrite(str(tmp_path / name), radiometric().astype(np.uint8))
    assert [frame.name for frame in Source(str(tmp_path))] == [
        'frame_1', 'frame_2', 'frame_10']
    for name in ('a.seq', 'b.irb'):
        (tmp_path / name).write_bytes(b'FFF\0' + bytes(99))
    for name in ('1\u06632.png', '1a2.png'):  # digits of another script
        shutil.copy(tmp_path / 'frame_1.bmp', tmp_path / name)
        assert len([*Source(str(tmp_path / '1*.png'))])
    for name in ('1\u06632.png', '1a2.png'):
        (tmp_path / name).unlink()
    (tmp_path / 'gone.png').symlink_to('nowhere.png')
    (tmp_path / 'notes.txt').write_text('nobody minds')
    (tmp_path / 'inside').mkdir()
    cv2.imwrite(str(tmp_path / 'inside/c.png'), radiometric())
    with pytest.warns(UserWarning) as told:
        assert len([*Source(str(tmp_path))]) == 3
    message, = (str(each.message) for each in told)
    for part in ('only its 3 images', 'a.seq is a FLIR sequence',
                 '1 other files are not read', 'gone.png is a link to a file',
                 "inside, give '"):
        assert part in message
    assert 'notes' not in message
    with pytest.raises(FileNotFoundError, match='no image.*folders inside'):
        (tmp_path / 'above').mkdir()
        (tmp_path / 'inside').rename(tmp_path / 'above/inside')
        Source(str(tmp_path / 'above'))


def test_names_never_meet():
    names = UniqueNames()
    taken = [names.take(*wanted) for wanted in (
        ('a', ), ('A', ), ('a b', 'c'), ('a_b', ), ('a_b', 'a_b_2'), ('', ),
        ('n' * 300, ), ('n' * 300, ), ('熱' * 300, ))]
    assert taken[:5] == ['a', 'A_2', 'a_b', 'a_b_2', 'a_b_2_2']
    assert len({name.casefold() for name in taken}) == len(taken)
    assert all(0 < len(name.encode()) < 200 for name in taken)


# -- what is none -----------------------------------------------------------


@pytest.mark.parametrize('name, error, message', [
    ('gone.png', FileNotFoundError, 'does not exist'),
    ('gone.avi', FileNotFoundError, 'does not exist'),
    ('*.jpg', FileNotFoundError, 'matches no image'),
    ('text.txt', ValueError, 'not of a supported type'),
    ('.', FileNotFoundError, 'holds no image'),
])
def test_sources_that_are_none(tmp_path, name, error, message):
    (tmp_path / 'text.txt').write_text('')
    with pytest.raises(error, match=message):
        Source(str(tmp_path / name))


def test_an_address_is_told_without_its_password():
    with pytest.raises(ValueError, match='rtsp://camera/1 is .*InputOptions') as told:
        Source('rtsp://user:secret@camera/1')
    assert 'secret' not in str(told.value)


def test_folders_and_files_named_in_digits_are_no_cameras(
        tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / '2023').mkdir()
    cv2.imwrite('2023/a.png', radiometric())
    source = Source('2023')
    assert not source.moving and [frame.name for frame in source] == ['a']
    assert source.names[0] == '2023'
    with pytest.raises(FileNotFoundError, match='² does not exist'):
        Source('²')


@pytest.mark.parametrize('pattern', [
    'cam [A]/*.png', 'cam [A]/f[0-9].png', 'cam [A]/**/*.png',
    'cam ?[A]/f*', 'cam [A]/x [2].*'])
def test_folders_of_patterns_may_have_brackets(tmp_path, pattern):
    folder = tmp_path / 'cam [A]'
    folder.mkdir()
    for name in ('f1.png', 'x [2].png'):
        cv2.imwrite(str(folder / name), radiometric())
    if '?' in pattern:
        folder.rename(tmp_path / 'cam x[A]')
    source = Source(str(tmp_path / pattern))
    assert len(source.files) == (1 if 'f' in pattern or '[2]' in pattern
                                 else 2)
    assert source.names[0].startswith('cam' if '?' not in pattern else '')
