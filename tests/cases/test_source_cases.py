"""Videos, stacks and files of many pages that people really bring."""
import json
import warnings

import cv2
import numpy as np
import pytest

from mmpose_thermal.cli import main
from mmpose_thermal.deployment import describe, export_model, load_model
from mmpose_thermal.runtime import Source
from mmpose_thermal.runtime.warned_once import _GIVEN


@pytest.fixture
def onnx(save_student, tmp_path):
    model = load_model(save_student())
    path = tmp_path / 'student.onnx'
    export_model(model, describe(model), str(path))
    return path


@pytest.fixture
def demo(onnx, tmp_path, capsys):
    """Runs the demo: exit status, lines of results.jsonl, standard error."""

    def run(*arguments):
        out = tmp_path / 'out'
        status = main(['predict', '--model', str(onnx), '--out-dir', str(out),
                       *map(str, arguments)])
        lines = (out / 'results.jsonl').read_text().splitlines()
        return (status, [json.loads(line) for line in lines],
                capsys.readouterr().err)

    return run


def frames_of(path):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return [*Source(str(path))]


def test_28_pixel_types(cases, demo):
    """All are read, and what has no temperatures says why."""
    status, lines, told = demo(
        *sorted((cases / '28_pixel_types').iterdir()))
    read = {line['frame']: line['faces'][0] for line in lines}
    assert status == 0 and len(read) == 11
    for name in ('native', 'float64_kelvin', 'float32_big_endian',
                 'uint16_big_endian', 'telemetry_rows', 'UPPER'):
        celsius = read[name]['skin_celsius']['nose_tip']
        assert 15 < celsius < 45, name
    # Those whose unit is not said come without, not with wrong ones.
    for name in ('decikelvin', 'raw14bit', 'float32_celsius',
                 'int16_decicelsius', 'float16_celsius'):
        assert 'skin_celsius' not in read[name], name
    assert '--temperature-scale' in told


def test_29_multipage(cases):
    folder = cases / '29_multipage'
    for name in ('thumbnail_first', 'thumbnail_second'):
        _GIVEN.clear()
        with pytest.warns(UserWarning, match='left out'):
            source = Source(str(folder / f'{name}.tif'))
        frame, = source
        assert frame.image.shape == (120, 160) and not source.moving
        assert frame.image.dtype == np.uint16
    frames = frames_of(folder / 'frames.tif')
    assert [frame.image.shape for frame in frames] == [(120, 160)] * 6


def test_30_stacks(cases, demo):
    paths = sorted((cases / '30_stacks').iterdir())
    status, lines, _ = demo(*paths)
    assert status == 0 and len(lines) == 18
    assert [line['video'] for line in lines[::6]] == [
        f'{path.stem}.mp4' for path in paths]


def test_34_videos(cases, demo):
    paths = sorted((cases / '34_videos').glob('grey_*'))
    assert len(paths) == 2
    status, lines, told = demo('--box', '10,10,150,110', *paths)
    assert status == 0 and len(lines) == 12
    assert 'colour' not in told
    for path in paths:
        for frame in frames_of(path):
            assert frame.image.shape == (120, 160, 3)


def test_34_videos_of_a_camera_in_two_parts(cases, demo):
    path = cases / '34_videos' / 'tc001_YUYV_view.avi'
    assert [frame.image.shape for frame in frames_of(path)] == [(384, 256)] * 6
    status, lines, told = demo('--box', '20,20,200,180', path)
    assert status == 0 and len(lines) == 6
    assert told.count('temperatures below it') == 1


def test_42_nearly_grey(cases, demo):
    status, lines, _ = demo('--box', '10,10,100,100',
                            *sorted((cases / '42_nearly_grey').iterdir()))
    assert status == 0 and [line['picture'] for line in lines] == [
        'grey.png', 'tint1.png']


def test_43_one_bad_pixel(cases, demo, tmp_path):
    names = ('clean', 'hot', 'nodata')
    status, lines, _ = demo('--box', '10,10,100,100', *(
        cases / '43_one_bad_pixel' / f'{name}.tif' for name in names))
    assert status == 0
    pictures = [cv2.imread(str(tmp_path / 'out' / line['picture'])).astype(int)
                for line in lines]
    for picture in pictures[1:]:
        assert np.percentile(np.abs(picture - pictures[0]), 99) <= 1
