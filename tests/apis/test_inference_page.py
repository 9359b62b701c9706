"""The examples of docs/inference.md, in order, as a reader would run them."""
import re
import shlex
import shutil
import warnings

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from radiometric_jpegs import radiometric_jpeg

from mmpose_thermal.cli import main
from mmpose_thermal.synthetic.people import sample_subject
from mmpose_thermal.synthetic.render import render_pair
from mmpose_thermal.synthetic.views import sample_view

PAGE = (REPOSITORY / 'docs/inference.md').read_text()
EXAMPLES = re.findall(r'^```python\n(.*?)^```', PAGE, re.M | re.S)
COMMANDS = [line.split('#')[0] for block in re.findall(
    r'^```bash\n(.*?)^```', PAGE, re.M | re.S) for line in block.splitlines()
            if line.startswith('mmpose-thermal predict')
            and '--show' not in line]  # that needs a camera and a display


@pytest.fixture(scope='module')
def kelvin():
    rng = np.random.default_rng(2)
    subject = sample_subject(rng)
    return render_pair(subject, sample_view(rng, subject, 0, 0.), rng, 160,
                       True, 0.).temperature_k


@pytest.fixture
def files(kelvin, onnx, tmp_path, monkeypatch):
    """The files that the page names."""
    counts = np.rint(100 * kelvin).astype(np.uint16)
    levels = cv2.normalize(kelvin, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
    for folder in ('faces', 'seq', 'rjpegs'):
        (tmp_path / folder).mkdir()
    for name in ('frame16.png', 'faces/a.png', 'seq/1.png'):
        cv2.imwrite(str(tmp_path / name), counts)
    cv2.imwrite(str(tmp_path / 'face.png'), levels)
    (tmp_path / 'rjpegs/a.jpg').write_bytes(radiometric_jpeg(
        (19_000 + 193 * (kelvin - 293.15)).astype(np.uint16)))
    for name in ('recording.npy', 'stack16.npy'):
        np.save(tmp_path / name, np.stack([counts] * 4))
    video = cv2.VideoWriter(str(tmp_path / 'video.mp4'),
                            cv2.VideoWriter_fourcc(*'mp4v'), 10, (160, 160))
    for _ in range(3):
        video.write(cv2.merge([levels] * 3))
    video.release()
    weights = REPOSITORY / 'mmpose_thermal/weights'
    for model, name in ((onnx, 'student'),
                        (weights / 'face_detector.onnx', 'detector')):
        shutil.copy(model, tmp_path / f'{name}.onnx')
        content = (model.parent / f'{model.name}.json').read_text()
        (tmp_path / f'{name}.onnx.json').write_text(
            content.replace(model.name, f'{name}.onnx'))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples_run(files, capsys):
    pytest.importorskip('flyr')
    pytest.importorskip('pandas')
    names = {}
    (files / 'faces/bad.png').write_text('no image')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for example in EXAMPLES:
            exec(example, names)
    assert len(EXAMPLES) == 8
    printed = capsys.readouterr().out
    assert 'rjpegs/a.jpg: ' in printed and 'not to be trusted' in printed
    assert (files / 'out/faces.png').stat().st_size > 10_000
    table, = (files / 'temperatures.csv').read_text().splitlines()[1:]
    assert 'faces/a.png' in table and 'ISO/TR 13154' in table
    tracks = (files / 'tracks.jsonl').read_text().splitlines()
    assert len(tracks) == 4 and all('"track_id": 0' in row for row in tracks)


@pytest.mark.parametrize('command', COMMANDS)
def test_commands_run(command, files):
    arguments = shlex.split(command)[1:]
    assert main(arguments) == 0
    out = files / ('out' if '--out-dir' in arguments else 'work_dirs/predict')
    lines = (out / 'results.csv').read_text().splitlines()
    assert len(lines) == (10 if '--out-dir' in arguments else 2)


def test_the_page_names_them_all():
    assert len(COMMANDS) == 4
