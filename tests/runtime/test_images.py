import struct
import sys
from io import BytesIO

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import LoadImage
from PIL import Image
from radiometric_jpegs import with_segments

from mmpose_thermal.runtime import (checked_pixels, decode_image, grey_levels,
                                    stored_bits)
from mmpose_thermal.runtime.decoders import MAX_SIDE
from mmpose_thermal.runtime.file_headers import image_head
from mmpose_thermal.runtime.stacks import read_image


@pytest.fixture
def ramp():
    return np.arange(40, dtype=np.uint8).reshape(5, 8)


def saved(image, kind, **options):
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def as_npy(array):
    stream = BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def rare_tiff(dtype, values, orientation=1):
    """A TIFF that OpenCV does not decode: one strip, no compression."""
    height, width = values.shape
    bits = 8 * np.dtype(dtype).itemsize
    sample_format = dict(f=3, u=1, i=2)[np.dtype(dtype).kind]
    tags = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1),
            (262, 3, 1), (273, 4, 8), (274, 3, orientation), (277, 3, 1),
            (278, 4, height), (279, 4, values.size * bits // 8),
            (339, 3, sample_format)]
    pixels = values.astype(dtype).tobytes()
    directory = struct.pack('<H', len(tags)) + b''.join(
        struct.pack('<HHII', tag, kind, 1, value) for tag, kind, value in tags)
    return b'II*\0' + struct.pack(
        '<I', 8 + len(pixels)) + pixels + directory + bytes(4)


def turned(image, orientation):
    """As EXIF defines it: which edge of the stored image is where."""
    return {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.T,
        6: np.rot90(image, -1),
        7: image[::-1, ::-1].T,
        8: np.rot90(image),
    }[orientation]


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'WEBP', 'TIFF'])
def test_orientation_means_the_same_everywhere(ramp, kind, orientation,
                                               tmp_path):
    exif = Image.Exif()
    exif[0x112] = orientation
    options = dict(
        PNG=dict(exif=exif),
        JPEG=dict(exif=exif, quality=100),
        WEBP=dict(exif=exif, lossless=True),
        TIFF=dict(tiffinfo={0x112: orientation}))[kind]
    picture = Image.fromarray(ramp)
    if kind == 'WEBP':
        picture = picture.convert('RGB')
    content = saved(picture, kind, **options)
    expected = turned(ramp, orientation).astype(int)
    grey, _ = grey_levels(decode_image(content, 'a'), 'a')
    assert np.abs(grey - expected).max() <= 2 * (kind == 'JPEG')
    colour = decode_image(content, 'a', colour=True)
    assert (colour == colour[..., :1]).all()
    assert np.abs(colour[..., 0] - expected).max() <= 2 * (kind == 'JPEG')
    (tmp_path / 'a').write_bytes(content)
    head = image_head(tmp_path / 'a')
    assert head is None or head.size in (None, grey.shape[::-1])
    # MMPose's loader, of pipelines of visible light alone, is OpenCV's, too.
    if kind != 'WEBP':  # which OpenCV before 4.12 does not turn
        loaded = LoadImage()(dict(img_path=str(tmp_path / 'a')))['img']
        assert (loaded == colour).all()


def test_alpha_and_indices_are_dropped(ramp):
    grey = Image.fromarray(ramp)
    alpha = Image.fromarray(255 - ramp)
    for picture in (Image.merge('LA', [grey, alpha]),
                    Image.merge('RGBA', [grey, grey, grey, alpha])):
        image = decode_image(saved(picture, 'PNG'), 'a')
        assert (grey_levels(image, 'a')[0] == ramp).all()
    indexed = grey.convert('P')
    indexed.putpalette([value for i in range(256) for value in (i, i, i)])
    image = decode_image(saved(indexed, 'PNG'), 'a')
    assert (grey_levels(image, 'a')[0] == ramp).all()
    four = np.dstack([ramp, ramp, ramp, 255 - ramp])
    assert (grey_levels(four, 'a')[0] == ramp).all()


@pytest.mark.parametrize('dtype, expected', [
    ('uint8', 'uint8'), ('>u2', 'uint16'), ('<u2', 'uint16'),
    ('>i2', 'uint16'), ('int32', 'uint16'), ('uint64', 'uint16'),
    ('float16', 'float32'), ('>f4', 'float32'), ('>f8', 'float32'),
    ('float64', 'float32')])
def test_types_of_pixels(ramp, dtype, expected):
    image = decode_image(as_npy(ramp.astype(dtype)), 'frame.NPY')
    assert image.dtype == expected and image.dtype.isnative
    assert (image == ramp).all()


def test_whole_numbers_keep_their_values(ramp):
    signed = ramp.astype(np.int32) - 20
    image = checked_pixels(signed, 'a')
    assert image.dtype == np.int16 and (image == signed).all()
    large = ramp.astype(np.int64) * 10_000
    image = checked_pixels(large, 'a')
    assert image.dtype == np.float32 and (image == large).all()


def test_signed_counts_have_the_grey_levels_of_unsigned_ones():
    counts = np.random.default_rng(0).integers(0, 4000, (64, 80))
    for gain in (dict(), dict(gain='plateau'), dict(gain='clahe')):
        expected, step = grey_levels(counts.astype(np.uint16), 'a', **gain)
        shifted = (counts - 2000).astype(np.int16)
        found, found_step = grey_levels(shifted, 'a', **gain)
        assert (found == expected).all() and found_step == step
    # Hundredths of degrees Celsius, some below zero.
    window = dict(gain='window', temperature_range_k=(263.15, 283.15))
    found, _ = grey_levels(shifted, 'a', scale=.01, offset=273.15, **window)
    celsius = shifted * .01
    expected = np.clip((celsius + 10) / 20 * 255, 0, 255)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize('array, message', [
    (np.zeros((4, 4), bool), 'holds bool pixels'),
    (np.zeros((4, 4), complex), 'holds complex128 pixels'),
    (np.zeros((7, 4, 5), np.uint8), r'has the shape \(7, 4, 5\)'),
    (np.zeros((4, 4, 2), np.uint8), r'has the shape \(4, 4, 2\)'),
    (np.zeros((0, 4), np.uint8), r'has the shape \(0, 4\)'),
    (np.zeros(4, np.uint8), r'has the shape \(4,\)'),
    (np.zeros((2, MAX_SIDE + 1), np.uint16), 'has 32767x2 .*to 32766'),
])
def test_what_is_no_image_is_refused(array, message):
    with pytest.raises(ValueError, match=f'frame.npy {message}'):
        decode_image(as_npy(array), 'frame.npy')
    with pytest.raises(ValueError, match=f'an array {message}'):
        grey_levels(array, 'an array')


def test_one_frame_of_a_stack_is_an_image(ramp):
    for array in (ramp[None], ramp[..., None], ramp[None, ..., None][0]):
        assert (checked_pixels(array, 'a') == ramp).all()


def test_line_scans_beyond_opencvs_limit_are_named(tmp_path):
    content = cv2.imencode('.png', np.zeros((2, 40_000), np.uint8))[1]
    for colour in (False, True):
        with pytest.raises(ValueError, match='line.png has 40000x2 .*32766'):
            decode_image(content.tobytes(), 'line.png', colour)


def test_files_that_promise_too_many_pixels_are_not_unpacked(ramp):
    png = bytearray(saved(Image.fromarray(ramp), 'PNG'))
    png[16:24] = struct.pack('>II', 30_000, 30_000)
    tiff = bytearray(saved(Image.fromarray(ramp), 'TIFF'))
    for tag in (256, 257):
        at = tiff.index(struct.pack('<HHI', tag, 4, 1))
        tiff[at + 8:at + 12] = struct.pack('<I', 30_000)
    for content in (png, tiff):
        with pytest.raises(ValueError, match='30000x30000 pixels, the limit'):
            decode_image(bytes(content), 'a')


@pytest.mark.parametrize('name, content', [
    ('a.png', b''), ('a.tif', b'II*\0\xff\xff\xff\xff' + bytes(20)),
    ('a.tif', b'II+\0\x08\0\0\0' + b'\xff' * 8 + bytes(20)),  # BigTIFF
    ('a.tif', rare_tiff('uint16', np.zeros((4, 0)))),
    ('a.npy', b'no array'), ('a.jpg', b'\xff\xd8\xff\xe1\0'),
    ('a.webp', b'RIFF\0\0\0\0WEBP'), ('a.npz', b'PK\x03\x04'),
    ('a.npy', as_npy(np.zeros(40))[:-9]), ('a.npy', b'\x93NUMPY\1'),
    ('a.npy', as_npy(np.array([print], object))),  # a pickle is not run
])
def test_what_cannot_be_decoded_is_named(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f'{name} cannot be decoded') as error:
        decode_image(content, name)
    assert ('np.save instead' in str(error.value)) is (name == 'a.npz')
    if name != 'a.jpg':  # which always has 8 bits
        with pytest.raises(ValueError, match=f'{name} cannot be decoded'):
            stored_bits(tmp_path / name)


def test_a_picture_within_the_page_of_its_thumbnail_is_found():
    tifffile = pytest.importorskip('tifffile')
    counts = np.arange(4800, dtype=np.uint16).reshape(60, 80)
    stream = BytesIO()
    with tifffile.TiffWriter(stream, bigtiff=True) as writer:
        writer.write(counts[::4, ::4], subifds=1, subfiletype=1)
        writer.write(counts)
    assert (decode_image(stream.getvalue(), 'a.tif') == counts).all()


@pytest.mark.parametrize('dtype, expected', [
    ('float16', np.float32), ('uint32', np.uint16)])
def test_tifffile_reads_what_opencv_does_not(ramp, dtype, expected):
    pytest.importorskip('tifffile')
    image = decode_image(rare_tiff(dtype, ramp, 6), 'a.tif')
    assert image.dtype == expected and (image == turned(ramp, 6)).all()


def test_without_tifffile_it_is_named(ramp, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tifffile', None)
    with pytest.raises(ValueError, match='a.tif .*pip install tifffile'):
        decode_image(rare_tiff('float16', ramp), 'a.tif')


def test_radiometric_jpegs_of_dji_are_named():
    colour = cv2.applyColorMap(
        np.arange(64 * 64, dtype=np.uint16).reshape(64, 64).astype(np.uint8),
        cv2.COLORMAP_INFERNO)
    jpeg = cv2.imencode('.jpg', colour)[1].tobytes()
    segments = [(0xe1, b'Exif\0\0 DJI H20T')] + [(0xe3, bytes(60_000))] * 2
    content = with_segments(jpeg, *segments)
    with pytest.raises(ValueError, match='a.jpg is a DJI radiometric JPEG.*'
                       'dji_irp'):
        decode_image(content, 'a.jpg')
    assert decode_image(content, 'a.jpg', palette='inferno').ndim == 3
    assert decode_image(content, 'a.jpg', colour=True).ndim == 3
    # In grey, its picture is what 8-bit cameras give.
    grey = cv2.imencode('.jpg', cv2.merge([colour[..., 2]] * 3))[1].tobytes()
    assert decode_image(with_segments(grey, *segments), 'a.jpg').ndim == 3
    assert decode_image(with_segments(jpeg, (0xe1, b'Exif\0\0 DJI')),
                        'a.jpg').ndim == 3


@pytest.mark.parametrize('name, dtype, bits', [
    ('a.png', 'uint8', 8), ('a.jpg', 'uint8', 8), ('a.png', 'uint16', 16),
    ('a.tiff', 'uint8', 8), ('a.tiff', 'uint16', 16),
    ('a.tiff', 'float32', 32), ('a.npy', 'float64', 32)])
def test_heads_are_read_without_decoding(tmp_path, ramp, monkeypatch, name,
                                         dtype, bits):
    """Of the formats of thermal cameras."""
    monkeypatch.setattr('mmpose_thermal.runtime.images.decode_image', None)
    if name == 'a.npy':
        np.save(tmp_path / name, ramp.astype(dtype))
    else:
        assert cv2.imwrite(str(tmp_path / name), ramp.astype(dtype))
    assert stored_bits(tmp_path / name) == bits


#: What NumPy, tifffile or OpenCV can write.
WRITTEN = [
    (suffix, dtype, shape)
    for suffix in ('.png', '.tiff', '.npy', '.bmp')
    for dtype in ('uint8', 'int8', 'uint16', '>u2', 'int16', 'uint32', 'int32',
                  'float16', 'float32', 'float64')
    for shape in ((7, 9), (7, 9, 3), (1, 7, 9))
    if suffix == '.npy' or
    shape[0] > 1 and (suffix == '.tiff' or dtype != 'uint32')
]


@pytest.mark.parametrize('suffix, dtype, shape', WRITTEN)
def test_heads_agree_with_the_decoder(tmp_path, suffix, dtype, shape):
    path = tmp_path / f'a{suffix}'
    image = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    if suffix == '.npy':
        np.save(path, image)
    elif suffix == '.tiff' and dtype in ('float16', 'uint32', 'int8'):
        pytest.importorskip('tifffile').imwrite(path, image)
    else:
        assert cv2.imwrite(str(path), image)
    try:
        decoded = decode_image(path.read_bytes(), str(path))
    except ValueError:
        with pytest.raises(ValueError):
            stored_bits(path)
        return
    assert stored_bits(path) == 8 * decoded.dtype.itemsize
    head = image_head(path)
    assert head is None or head.size == decoded.shape[1::-1]


def tiff_of(*pages):
    """A TIFF of pages, each an array or an array and how to write it."""
    tifffile = pytest.importorskip('tifffile')
    stream = BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for page in pages:
            array, options = page if isinstance(page, tuple) else (page, {})
            writer.write(array, **{'photometric': 'minisblack', **options})
    return stream.getvalue()


@pytest.mark.parametrize('count', [2, 3])
@pytest.mark.parametrize('suffix', ['.tif', '.npy'])
def test_no_reader_takes_one_of_several_frames(tmp_path, count, suffix):
    path, frames = tmp_path / f'a{suffix}', [np.zeros((60, 80), np.uint16)]
    if suffix == '.tif':
        assert cv2.imwritemulti(str(path), frames * count)
        with pytest.raises(ValueError, match=f'holds {count} frames.*predict'):
            decode_image(path.read_bytes(), 'a.tif')
    else:
        np.save(path, np.stack(frames * count))
    with pytest.raises(ValueError, match=f'a.* holds {count} frames.*Source'):
        read_image(str(path))


@pytest.mark.parametrize('order', [1, -1])
@pytest.mark.parametrize('other', [
    np.zeros((120, 160), np.uint8), np.zeros((60, 80), np.uint8),
    (np.zeros((120, 160, 3), np.uint8), dict(photometric='rgb')),
    (np.zeros((120, 160), np.uint16), dict(subfiletype=1))])
def test_every_reader_takes_the_thermal_page(tmp_path, other, order):
    counts = np.arange(4800, dtype=np.uint16).reshape(60, 80)
    content = tiff_of(*[counts, other][::order])
    (tmp_path / 'a.tif').write_bytes(content)
    assert (decode_image(content, 'a.tif') == counts).all()
    with pytest.warns(UserWarning, match='1 of 2 pages left out'):
        assert (read_image(str(tmp_path / 'a.tif')) == counts).all()


@pytest.mark.parametrize('options', [
    dict(planarconfig='contig'), dict(planarconfig='separate')])
@pytest.mark.parametrize('dtype', [np.uint16, np.float32])
def test_deep_grey_with_alpha_keeps_its_bits(dtype, options):
    counts = np.arange(4800, dtype=dtype).reshape(60, 80)
    axis = 2 if options['planarconfig'] == 'contig' else 0
    both = np.stack([counts, counts * 0 + 65535], axis)
    content = tiff_of((both, dict(extrasamples=['unassalpha'], **options)))
    image = decode_image(content, 'a.tif')
    assert image.dtype == dtype and (image == counts).all()


@pytest.mark.parametrize('dtype', [np.float16, np.uint32, np.int32])
def test_opencv_says_nothing_of_what_is_read_otherwise(capfd, dtype):
    content = tiff_of(np.arange(4800).reshape(60, 80).astype(dtype))
    assert decode_image(content, 'a.tif').shape == (60, 80)
    assert not capfd.readouterr().err


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.uint32])
def test_whole_numbers_whose_least_is_white_are_inverted(dtype):
    levels = np.arange(4800).reshape(60, 80) % 256
    stored = (np.iinfo(dtype).max - levels).astype(dtype)
    content = tiff_of((stored, dict(photometric='miniswhite')))
    assert (decode_image(content, 'a.tif') == levels).all()


@pytest.mark.parametrize('suffix, dtype, channels', [
    ('.png', np.uint16, 1), ('.png', np.uint16, 3), ('.tif', np.uint16, 1),
    ('.tif', np.uint16, 3), ('.tif', np.float32, 1)])
def test_deep_grey_images_are_not_of_visible_light(ramp, suffix, dtype,
                                                   channels):
    deep = cv2.merge([ramp.astype(dtype) * 1000] * channels)
    content = cv2.imencode(suffix, deep)[1].tobytes()
    with pytest.raises(ValueError, match=f'a holds {np.dtype(dtype)} .*Is it '
                       'a thermal image'):
        decode_image(content, 'a', colour=True)


def test_deep_colours_become_8_bits():
    colours = np.random.default_rng(0).integers(
        0, 65536, (20, 30, 3)).astype(np.uint16)
    content = cv2.imencode('.png', colours)[1].tobytes()
    assert (decode_image(content, 'a', colour=True) == colours >> 8).all()


def test_a_window_is_judged_without_dead_pixels(recwarn):
    kelvin = np.full((60, 80), 300, np.float32)
    kelvin[20:40, 20:40] = 307
    kelvin[:, :8] = -9999
    grey_levels(kelvin, 'a', gain='window', temperature_range_k=(293, 310))
    assert not any('plausible' in str(w.message) for w in recwarn)


def test_the_doctor_judges_temperatures_without_dead_pixels():
    from mmpose_thermal.datasets.checks.pixels import _radiometry
    celsius = np.full((64, 80), 22, np.float32)
    celsius[20:40, 20:40] = 34
    celsius[:6] = celsius[:, :10] = -9999
    with pytest.warns(UserWarning, match='a.tif: 21% of its pixels are -9999'):
        found = _radiometry(celsius, dict(
            img_path='a.tif', temperature_scale=1, temperature_offset=273.15))
    assert found['problem'] is None and found['kelvin'] == pytest.approx(
        295.15)
