"""The tools that measure models on annotated faces and frames."""
import json

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY, face_errors

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.evaluation import FaceErrors

LANDMARKS = 'analysis_tools/evaluate_landmarks'
DETECTOR = 'analysis_tools/evaluate_detector'
SIZE = 80


@pytest.fixture
def real(tmp_path):
    """Four faces of two sources in three frames: faces.json with its images."""
    (tmp_path / 'images').mkdir()
    truth = np.round(face_errors(count=4).truth, 2)
    images, faces = [], []
    for index in range(3):
        name = f'images/{index}.png'
        frame = np.random.default_rng(index).integers(0, 255, (100, 100), np.uint8)
        cv2.imwrite(str(tmp_path / name), frame)
        images.append(dict(id=index + 1, file_name=name, width=100, height=100,
                           subject_id=index))
    for index, points in enumerate(truth):
        faces.append(dict(
            id=index + 1, image_id=1 + index % 3, category_id=1, iscrowd=0,
            bbox=[[15., 16., 17., 29.][index], 15., 70., 70.], area=4900.,
            num_keypoints=68,
            keypoints=np.column_stack([points, np.full(68, 2)]).ravel().tolist(),
            source='lepton' if index < 3 else 't540', quality=1 + index % 3))
    path = tmp_path / 'faces.json'
    path.write_text(json.dumps(dict(
        images=images, annotations=faces, categories=[dict(id=1, name='face')])))
    return path


@pytest.fixture
def peers(tmp_path, real, monkeypatch):
    """Callables that know the truth: `truth`, and `right`, 2 px to the right of it."""
    (tmp_path / 'known.py').write_text(f'''
import json
import numpy as np

CONTENT = json.load(open({str(real)!r}))

def faces_of(image):
    """The faces of a frame, which is known by its noise."""
    frame = next(seed for seed in range(3) if (image == np.random.default_rng(
        seed).integers(0, 255, (100, 100), np.uint8)).all())
    return [a for a in CONTENT['annotations'] if a['image_id'] == frame + 1]

def truth(image, boxes):
    """The points of the face whose box is nearest."""
    nearest = [min(faces_of(image), key=lambda a: abs(
        a['bbox'][0] + 35 - (box[0] + box[2]) / 2)) for box in boxes]
    return np.array([np.reshape(a['keypoints'], (68, 3))[:, :2] for a in nearest])

def right(image, boxes):
    return truth(image, boxes) + (2, 0)

def high(image, boxes):
    """Off by 1 % of the box, and twice as much if its top is above 10."""
    off = .01 * (boxes[:, 2:] - boxes[:, :2])[:, None]
    return truth(image, boxes) + off * (1 + (boxes[:, 1] < 10))[:, None, None]

def detect(image, min_score):
    """The first face of each frame, and a corner without one."""
    left = faces_of(image)[0]['bbox'][0]
    boxes = np.array([[left, 15, left + 70, 85], [0, 0, 9, 9]])
    scores = np.array([.9, .3])
    return boxes[scores >= min_score], scores[scores >= min_score]
''')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__('sys').modules, 'known', raising=False)


def rows(printed):
    """Cells of all tables, by the first cell of the row."""
    lines = [[cell.strip() for cell in line.strip('|').split('|')]
             for line in printed.splitlines() if line.startswith('|')]
    return {line[0]: line[1:] for line in lines}


def test_models_are_compared_side_by_side(run_tool, real, peers, tmp_path):
    found = rows(run_tool(
        LANDMARKS, real, 'known:truth', 'known:right', '--titles', 'a', 'b',
        '--by', 'source', 'quality:1,3', '--out', tmp_path / 'errors',
        '--worst', tmp_path / 'worst.png'))
    # 2 px of the 40 px between the eyes
    assert found['b'][:2] == ['4', '5.00 [5.00, 5.00]']
    assert found['b'][-1] == '+5.00 [+5.00, +5.00]'
    assert found['source t540'] == ['1', '0.00 / 0.00', '5.00 / 5.00']
    assert found['quality 1 to 3'][0] == '4'
    assert found['nose'][0] == '0.00 (+0.0 out, +0.0 down)'
    assert cv2.imread(str(tmp_path / 'worst.png')) is not None
    saved = FaceErrors.load(str(tmp_path / 'errors/b.json'))
    assert saved.nme() == pytest.approx(.05)
    assert saved.attributes[saved.ids.index(4)]['source'] == 't540'


def test_conditions_choose_faces(run_tool, real, peers):
    for conditions, count in ((['quality>=2'], '2'), (['source=t540'], '1'),
                              (['quality<3', 'source!=t540'], '2')):
        found = rows(run_tool(LANDMARKS, real, 'known:truth', '--where', *conditions))
        assert found['known:truth'][0] == count
    with pytest.raises(SystemExit, match="no face meets --where quality>3.*'source'"):
        run_tool(LANDMARKS, real, 'known:truth', '--where', 'quality>3')
    with pytest.raises(SystemExit, match='write a field, one of'):
        run_tool(LANDMARKS, real, 'known:truth', '--where', 'quality')
    with pytest.raises(SystemExit, match='compares numbers'):
        run_tool(LANDMARKS, real, 'known:truth', '--where', 'source>2')


def test_changed_boxes_are_compared_with_given_ones(run_tool, real, peers):
    found = rows(run_tool(LANDMARKS, real, 'known:high', '--box-scale', 1, .8))
    assert found['as given'] == ['2.47']  # 1 % of 70 px in x and y, of 40 px
    assert found['x 0.8'] == ['1.98 (x 0.80)'] and 'x 1' not in found
    found = rows(run_tool(LANDMARKS, real, 'known:high', '--box-shift', '.08'))
    # One direction of four is worse.
    assert found['x 1, shifted by 8 %'] == ['3.09 (x 1.25, worst x 2.00)']


def test_faces_that_the_detector_missed_are_failures(run_tool, real, peers):
    # In a frame with two faces, only one is found.
    found = rows(run_tool(LANDMARKS, real, 'known:truth', '--titles', 'both',
                          '--detector', 'known:detect'))
    assert found['both'][0] == '75.0 %' and found['both'][-1] == '25.0'


def test_our_own_files_are_run_as_the_api_runs_them(run_tool, pairs_root, onnx,
                                                    tmp_path):
    annotation = pairs_root / 'annotations/test.json'
    run_tool(LANDMARKS, annotation, onnx, '--out', tmp_path)
    saved = FaceErrors.load(str(tmp_path / 'student.json'))
    face, = ThermalLandmarker(str(onnx), temperatures=False)(
        saved.images[1], saved.boxes[1:2])
    assert saved.predicted[1] == pytest.approx(face.keypoints, abs=.01)
    with pytest.raises(SystemExit, match='a crop of their own. Leave out "@1.5"'):
        run_tool(LANDMARKS, annotation, f'{onnx}@1.5')
    with pytest.raises(SystemExit, match='gone.onnx does not exist'):
        run_tool(LANDMARKS, annotation, 'gone.onnx')


def test_detectors_are_measured_by_threshold(run_tool, real, peers, tmp_path):
    printed = run_tool(DETECTOR, real, 'known:detect', '--by', 'subject_id',
                       '--out', tmp_path / 'curve.json')
    found = rows(printed)
    # One of the two faces of the first frame is missed.
    assert found['0.9'] == ['75.0 % / 0.000'] and found['0.1'] == ['75.0 % / 1.000']
    assert found['subject_id 0'] == ['1', '2', '50.0 % / 0.000']
    curve = json.loads((tmp_path / 'curve.json').read_text())['known:detect']
    assert curve[0]['false_alarms_per_frame'] == 1 and curve[-1]['faces'] == 4
    with pytest.raises(SystemExit, match='Lower --min-side'):
        run_tool(DETECTOR, real, 'known:detect', '--min-side', 99)


def test_frames_of_a_known_palette_are_read_as_grey(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / 'tools/analysis_tools'))
    from annotated_frames import read_grey

    from mmpose_thermal.runtime.palettes import apply_palette
    grey = np.tile(np.arange(0, 240, 3, np.uint8), (SIZE, 1))
    path = str(tmp_path / 'frame.png')
    cv2.imwrite(path, apply_palette(grey, 'inferno'))
    assert read_grey(dict(img_path=path), {}) == pytest.approx(grey, abs=3)
    noise = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), np.uint8)
    cv2.imwrite(path, noise)
    assert read_grey(dict(img_path=path), {}).tolist() == cv2.cvtColor(
        noise, cv2.COLOR_BGR2GRAY).tolist()
