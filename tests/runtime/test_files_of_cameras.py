"""Text exports of camera software, and files that are not read."""
import numpy as np
import pytest

from mmpose_thermal.runtime import Source, decode_image, temperature_problem
from mmpose_thermal.runtime.stacks import read_image

CELSIUS = np.round(np.linspace(20, 36, 10 * 12).reshape(10, 12), 2)


def table(separator, decimal='.', frame=CELSIUS, begin='', end=''):
    return '\n'.join(
        begin + separator.join(f'{value:.2f}'.replace('.', decimal)
                               for value in row) + end for row in frame)


FLIR_TOOLS = ('File:;C:\\Images\\FLIR0042.jpg\n\nObject Parameters\n'
              'Emissivity:;0,95\nRefl. temp.:;20,0 °C\nDistance:;1,0 m\n\n'
              'Image;\n')
COUNTING = ';' + ';'.join(map(str, range(12))) + '\n' + '\n'.join(
    f'{i};{line}' for i, line in enumerate(table(';', ',').split('\n')))


@pytest.mark.parametrize('text', [
    table(','), table(';'), table(';', ','), table('\t', ','), table(' , '),
    table(';', ',', begin=' ', end=';'), 'Frame 1\n' + table(',') + '\n\n',
    COUNTING, COUNTING.replace(';0;1', 'x;0;1')])
def test_tables_of_a_frame(text):
    for encoding in ('utf-8', 'utf-8-sig', 'utf-16'):
        image = decode_image(text.encode(encoding), 'a.csv')
        assert image.dtype == np.float32 and image.shape == CELSIUS.shape
        assert np.abs(image - CELSIUS).max() < 1e-4
    # The unit is not said: it is recognised.
    assert 'degrees Celsius: set temperature_scale=1, temperature_offset=' \
        '273.15' in temperature_problem(image)


@pytest.mark.parametrize('text, kelvin', [
    (FLIR_TOOLS + table(';', ','), CELSIUS + 273.15),
    ('Temperature in °F\n' + table(',', frame=CELSIUS * 1.8 + 32),
     CELSIUS + 273.15),
    ('unit,Kelvin\n' + table(',', frame=CELSIUS + 273.15), CELSIUS + 273.15)])
def test_units_that_a_table_names(text, kelvin):
    for encoding in ('utf-8', 'latin-1'):
        image = decode_image(text.encode(encoding), 'a.csv')
        assert np.abs(image - kelvin).max() < .01
    assert temperature_problem(image) is None


def test_text_without_a_frame_is_refused():
    for text in ('', 'a,b\n1,2\n', 'name,' * 12):
        with pytest.raises(ValueError, match='a.csv holds no table'):
            decode_image(text.encode(), 'a.csv')


@pytest.mark.parametrize('text', [
    table(','), table(';', ','), table('\t', ','), table(';', ',', end=';'),
    FLIR_TOOLS + table(';', ','), COUNTING])
def test_a_cut_last_line_is_no_end_of_a_table(text):
    lines = text.rstrip('\n').splitlines()
    whole = '\n'.join(lines)
    assert decode_image(whole.encode(), 'a.csv').shape == CELSIUS.shape
    for encoding in ('utf-8', 'utf-16'):
        for cut in (2, 5, 20, 21, 22, 23, 24, len(lines[-1]) - 8):
            content = '\n'.join([*lines[:-1], lines[-1][:cut]]).encode(encoding)
            with pytest.raises(ValueError, match='a.csv is truncated'):
                decode_image(content, 'a.csv')
    # A line of fewer numbers that is complete is no cut row.
    decode_image(f'{whole}\n30,1;35,2\n'.encode(), 'a.csv')
    decode_image(f'{whole}\nmaximum;35,2'.encode(), 'a.csv')


def test_folders_of_tables(tmp_path):
    for name in ('one.csv', 'two.csv'):
        (tmp_path / name).write_text(table(';', ','))
    assert [frame.image.shape for frame in Source(str(tmp_path))] == [
        CELSIUS.shape] * 2
    assert read_image(str(tmp_path / 'one.csv')).shape == CELSIUS.shape
    # Beside images, tables are results or lists.
    np.save(tmp_path / 'frame.npy', CELSIUS)
    assert [frame.name for frame in Source(str(tmp_path))] == ['frame']


@pytest.mark.parametrize('name, content, message', [
    ('a.seq', b'FFF\0' + bytes(99), 'a FLIR sequence .*split_seqs'),
    ('a.csq', b'FFF\0' + bytes(99), 'a FLIR sequence'),
    ('a.ptx', b'FFF\0' + bytes(99), 'a FLIR sequence'),
    ('a.raw', bytes(2 * 2 * 156 * 208),
     r'np.fromfile\(".*a.raw", "<u2"\).reshape\(-1, 156, 208\)'),
    ('a.bin', bytes(1000), r'reshape\(-1, HEIGHT, WIDTH\)'),
    ('a.cap', b'\xa5\xa5\xd5\xa5' + bytes(99), 'a ThermApp recording'),
    ('a.irb', b'\xffIRB\0', 'an InfraTec file .*IRBIS'),
    ('a.is2', b'PK\3\4', 'a Fluke file'),
])
def test_foreign_files_are_named_with_a_way_to_convert_them(
        tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f'{name} cannot be read: it is .*{message}'):
        Source(str(tmp_path / name))
    with pytest.raises(FileNotFoundError, match=message):
        Source(str(tmp_path))
    with pytest.raises(ValueError, match=message):
        decode_image(content, name)


def test_the_way_to_convert_raw_frames_works(tmp_path, monkeypatch):
    frames = np.random.default_rng(0).integers(
        0, 1 << 14, (3, 156, 208)).astype('<u2')
    (tmp_path / 'a.raw').write_bytes(frames.tobytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as error:
        Source('a.raw')
    command = str(error.value).split('(T, H, W): ')[1].rstrip('.')
    exec(command, dict(np=np))
    assert np.array_equal([frame.image for frame in Source('frames.npy')], frames)
