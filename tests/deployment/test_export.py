"""Exported models give what the trained ones give."""
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from bare_environment import create_bare_environment, run_isolated
from conftest import REPOSITORY, estimator, rtmcc, simcc

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.deployment import (FORMATS, describe, export_model,
                                       load_model)
from mmpose_thermal.deployment.verification import (Difference,
                                                    ExportedNetwork,
                                                    compare_landmarks,
                                                    labelled_faces,
                                                    network_inputs,
                                                    predictions)
from mmpose_thermal.runtime import ModelInfo
from mmpose_thermal.weights import shipped_models

DARK = dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16),
            sigma=1.5, unbiased=True, blur_kernel_size=7)


def dark():
    model = estimator(8)
    model['head']['decoder'] = DARK
    return model


def exported(path, out, **options):
    model = load_model(path)
    export_model(model, describe(model), str(out), **options)
    return model


@pytest.mark.parametrize('build', [estimator, dark, simcc, rtmcc])
def test_coordinates_are_those_of_mmpose(build, save_student, tmp_path):
    """Its own pipeline, network and decoder against the exported file."""
    path = save_student(build())
    model = exported(path, tmp_path / 'a.onnx')
    model.test_cfg['flip_test'] = True  # which no export does
    faces, where = labelled_faces(model, 'test', 3, describe(model))
    assert where == 'rendered faces' and faces[0].keypoints.shape == (68, 2)
    for landmarker in (ThermalLandmarker(str(tmp_path / 'a.onnx'), 'onnx'),
                       ThermalLandmarker(path, 'cpu')):
        difference = compare_landmarks(model, landmarker, faces)
        assert difference.median_px < .01 and difference.is_small
        # DARK divides by a curvature that heatmaps of an untrained network do
        # not have everywhere.
        assert difference.p99_px < .1 or build is dark


@pytest.mark.parametrize('format, precision, decode', [
    ('onnx', 'fp32', False), ('torchscript', 'fp32', True),
    ('torchscript', 'fp32', False), ('onnx', 'fp16', True),
    ('onnx', 'int8', True), ('openvino', 'fp32', True),
    ('openvino', 'int8', True), ('torchscript', 'fp16', True)])
def test_formats_and_precisions(format, precision, decode, save_student,
                                tmp_path):
    import torch
    if format == 'openvino':
        pytest.importorskip('openvino')
    if (format, precision) == ('torchscript', 'fp16') and \
            torch.__version__ < '2.2':
        pytest.skip('this PyTorch has no half precision on CPUs')
    model = load_model(save_student())
    info = describe(model)
    faces, _ = labelled_faces(model, 'val', 3, info)
    out = str(tmp_path / f'a{FORMATS[format]}')
    written = export_model(model, info, out, format, precision, decode,
                           network_inputs(faces, info))
    assert written.precision == precision
    difference = compare_landmarks(
        model, ThermalLandmarker(ExportedNetwork(out, model.head.decoder)),
        faces)
    # The network is not trained: where maxima are nearly equal, rounding
    # moves a point far.
    assert difference.median_px < dict(fp32=1e-3, fp16=.1, int8=6)[precision]


def test_half_precision_is_not_of_the_decoder(save_student, tmp_path):
    import torch
    if torch.__version__ < '2.2':
        pytest.skip('this PyTorch has no half precision on CPUs')
    model = load_model(save_student())
    info = describe(model)
    spreads = []
    for precision in ('fp32', 'fp16'):
        out = str(tmp_path / f'{precision}.pt')
        export_model(model, info, out, 'torchscript', precision)
        image = np.random.default_rng(0).integers(
            0, 256, (1, info.channels, *info.input_size[::-1]), np.uint8)
        spreads.append(ExportedNetwork(out)(image)[2])
    assert np.median(np.abs(spreads[0] - spreads[1])) < .01


def test_half_weights_halve_the_file_and_nothing_else(save_student, tmp_path):
    import onnx
    model = load_model(save_student())
    files = {}
    for precision in ('fp32', 'fp16'):
        files[precision] = tmp_path / f'{precision}.onnx'
        export_model(model, describe(model), str(files[precision]),
                     precision=precision)
    sizes = [path.stat().st_size for path in files.values()]
    assert sizes[1] < .65 * sizes[0]
    # Casts that stay at run time would cost time: only weights have one.
    graph = onnx.load(files['fp16']).graph
    weights = {weight.name for weight in graph.initializer}
    halves = [node for node in graph.node if node.op_type == 'Cast'
              and node.output[0] + '_half' == node.input[0]]
    assert len(halves) > 20 and all(node.input[0] in weights
                                    for node in halves)
    before = onnx.load(files['fp32']).graph
    assert len(graph.node) == len(before.node) + len(halves)


def test_batches_of_any_size(save_student, tmp_path):
    model = exported(save_student(), tmp_path / 'a.onnx')
    faces, _ = labelled_faces(model, 'test', 3, describe(model))
    one_by_one = ThermalLandmarker(
        str(tmp_path / 'a.onnx'), 'onnx', batch_size=1)
    in_twos = ThermalLandmarker(
        str(tmp_path / 'a.onnx'), 'onnx', batch_size=2)
    images, boxes = zip(*[(face.image, face.box[None]) for face in faces])
    found = in_twos(list(images), list(boxes))
    assert np.stack([faces[0].keypoints for faces in found]) == pytest.approx(
        predictions(one_by_one, faces), abs=1e-3)


def test_another_models_export_is_noticed(save_student, tmp_path):
    """The check compares numbers: another model's file must not pass."""
    exported(save_student(name='one'), tmp_path / 'a.onnx')
    other = load_model(save_student(name='other'))
    faces, _ = labelled_faces(other, 'test', 2, describe(other))
    wrong = ThermalLandmarker(str(tmp_path / 'a.onnx'), 'onnx')
    difference = compare_landmarks(other, wrong, faces)
    assert difference.median_px > 1 and not difference.is_small


@pytest.mark.parametrize('difference, is_small', [
    (Difference(.09, .1, (.04, .041)), True),
    (Difference(.01, 9., (.04, .0419)), True),  # ties of flat heatmaps
    (Difference(.01, 9.), True),
    (Difference(.11, .2), False),
    (Difference(.01, 9., (.04, .0421)), False),  # one point of 68 is wrong
    (Difference(float('nan'), 9.), False)])
def test_what_may_be_deployed(difference, is_small):
    assert difference.is_small is is_small


def test_what_cannot_be_exported_is_explained(save_student, tmp_path):
    path = save_student()
    model = load_model(path)
    info = describe(model)
    for options, message in ((dict(precision='int8'), 'calibration'),
                             (dict(format='torchscript', precision='int8',
                                   calibration=np.zeros(1)), 'support int8'),
                             (dict(format='openvino'), 'must end in .xml')):
        with pytest.raises(ValueError, match=message):
            export_model(model, info, str(tmp_path / 'a.onnx'), **options)
    strange = load_model(
        save_student(name='strange',
                     test_pipeline=[dict(type='LoadThermalImage'),
                                    dict(type='RandomFlip')]))
    with pytest.raises(NotImplementedError, match='transform RandomFlip'):
        describe(strange)
    save_student(estimator(16), name='wide')
    with pytest.raises(ValueError, match='weights are missing or of another'):
        load_model((str(tmp_path / 'wide.py'), path))
    (tmp_path / 'student.py').unlink()
    with pytest.raises(FileNotFoundError, match='student.py does not exist'):
        load_model(path)


def test_what_cannot_be_run_is_explained(save_student, tmp_path):
    path, out = save_student(), tmp_path / 'a.onnx'
    exported(path, out, decode=False)
    with pytest.raises(ValueError, match='without --no-decode'):
        ThermalLandmarker(str(out), 'onnx')
    exported(path, out)
    info = tmp_path / 'a.onnx.json'
    content = json.loads(info.read_text())
    info.write_text(json.dumps(dict(content, input_size=[32, 32])))
    with pytest.raises(ValueError, match=r'takes \[1, 64, 64\]'):
        ThermalLandmarker(str(out), 'onnx')
    out.write_bytes(b'broken')
    with pytest.raises(ValueError, match='was modified or replaced'):
        ThermalLandmarker(str(out), 'onnx')


_ALONE = '''
import json, sys
import numpy as np
from mmpose_thermal.apis import ThermalLandmarker
landmarker = ThermalLandmarker(sys.argv[1], 'onnx')
face = landmarker(sys.argv[2], [[20, 20, 200, 220]])[0]
for name in ('torch', 'mmengine', 'mmcv', 'mmpose', 'mmdet'):
    assert name not in sys.modules, name
json.dump([face.keypoints.tolist(), face.skin_celsius], sys.stdout)
'''


@pytest.fixture(scope='module')
def bare_python(tmp_path_factory):
    """The Python of an environment of NumPy, OpenCV and ONNX Runtime alone."""
    folder = tmp_path_factory.mktemp('bare')
    target = create_bare_environment(folder)
    (target / 'mmpose_thermal').symlink_to(REPOSITORY / 'mmpose_thermal')
    return str(folder / 'bin/python')


def run_bare(python, *arguments):
    return run_isolated(python, '-I', *arguments)


def test_runs_without_torch_or_openmmlab(bare_python, save_student, tmp_path):
    exported(save_student(), tmp_path / 'a.onnx')
    raw = np.full((240, 240), 29500, np.uint16)
    raw[60:180, 60:180] += 1000
    cv2.imwrite(str(tmp_path / 'frame.png'), raw)
    assert run_bare(bare_python, '-c', 'import torch').returncode != 0
    result = run_bare(bare_python, '-c', _ALONE, tmp_path / 'a.onnx',
                      tmp_path / 'frame.png')
    assert result.returncode == 0, result.stderr
    keypoints, skin = json.loads(result.stdout)
    here = ThermalLandmarker(str(tmp_path / 'a.onnx'), 'onnx')(
        tmp_path / 'frame.png', [[20, 20, 200, 220]])[0]
    assert here.keypoints == pytest.approx(np.array(keypoints), abs=1e-4)
    assert skin == pytest.approx(here.skin_celsius, nan_ok=True)

    # So does the demo.
    result = run_bare(bare_python, REPOSITORY / 'tools/demo.py', '--model',
                      tmp_path / 'a.onnx', '--out-dir', tmp_path / 'demo',
                      tmp_path / 'frame.png')
    assert result.returncode == 0, result.stderr
    assert (tmp_path / 'demo/frame.png').exists()


def test_what_needs_mmpose_says_so_where_there_is_none(bare_python):
    result = run_bare(bare_python, '-c',
                      'from mmpose_thermal.apis import load_model')
    assert result.returncode != 0 and 'install.sh' in result.stderr


def test_tool_exports_and_reports(save_student, run_tool, tmp_path):
    path = save_student()
    config = str(Path(path).with_suffix('.py'))
    printed = run_tool('deployment/export', config, path, '--faces', 3)
    assert 'points differ by at most 0.0' in printed and '99 %' in printed
    assert 'NME by box' in printed
    info = json.loads(Path(path).with_suffix('.onnx.json').read_text())
    assert info['source']['checkpoint'] == 'student.pth'
    printed = run_tool('deployment/export', config, path, '--precision',
                       'int8', '--faces', 3, '--calibration-faces', 3)
    assert 'calibrated on 3 faces' in printed
    assert (tmp_path / 'student_int8.onnx').exists()
    with pytest.raises(SystemExit, match='gone.pth does not exist'):
        run_tool('deployment/export', config, tmp_path / 'gone.pth')


def test_shipped_weights_keep_names_and_calibration(run_tool, tmp_path):
    for suffix in ('.pth', '.onnx.json'):
        shutil.copy(shipped_models()['landmarks'].replace('.onnx', suffix), tmp_path)
    for _ in range(2):  # the second finds what the first wrote
        run_tool('deployment/export', REPOSITORY / 'configs/'
                 'thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
                 'td-hm_res18-w16-s8_1xb64-36e_synthetic-thermal-128x128.py',
                 tmp_path / 'landmarks.pth', '--faces', 1)
    ours, shipped = (ModelInfo.load(path)[0] for path in (
        str(tmp_path / 'landmarks.onnx'), shipped_models()['landmarks']))
    for field in ('keypoints', 'regions', 'links', 'colours', 'calibration'):
        assert getattr(ours, field) == getattr(shipped, field)


@pytest.mark.parametrize('text, message', [
    ('x = (', 'c.py, or a config that it inherits, is not valid Python.* line 1'),
    ('x = 1', 'c.py has no `model`'),
    ("model = dict(type='Nonsense')", "c.py: model.type 'Nonsense' is not reg")])
def test_configs_that_are_none(text, message, save_student, tmp_path):
    (tmp_path / 'c.py').write_text(text)
    with pytest.raises(ValueError, match=message):
        load_model((str(tmp_path / 'c.py'), save_student()))


def test_tool_refuses_what_differs(save_student, run_tool, monkeypatch):
    from mmpose_thermal.apis import landmarks
    path = save_student()
    true_crops = landmarks.crop_faces

    def shifted(image, boxes, info):
        return true_crops(image, np.asarray(boxes) + 1, info)

    # What preprocesses otherwise, by one pixel.
    monkeypatch.setattr(landmarks, 'crop_faces', shifted)
    with pytest.raises(SystemExit, match='do not deploy it'):
        run_tool('deployment/export', Path(path).with_suffix('.py'), path,
                 '--faces', 2)


def test_images_are_checked_as_the_data_set_loads_them(save_student,
                                                       tmp_path):
    """Palettes and scales of the annotation file apply."""
    raw = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    cv2.imwrite(str(tmp_path / 'a.png'), (raw // 16).astype(np.uint8))
    (tmp_path / 'test.json').write_text(
        json.dumps(
            dict(images=[
                dict(id=1, file_name='a.png', width=64, height=64,
                     palette='black-hot')
            ],
                 annotations=[
                     dict(id=1, image_id=1, category_id=1, iscrowd=0,
                          bbox=[0, 0, 64, 64], area=4096, num_keypoints=68,
                          keypoints=[8, 8, 2] * 68)
                 ],
                 categories=[dict(id=1, name='face')])))
    model = load_model(save_student())
    model.cfg.test_dataloader.dataset.data_root = str(tmp_path)
    faces, where = labelled_faces(model, 'test', 6, describe(model))
    assert where.endswith('test.json') and len(faces) == 1
    assert (faces[0].image == 255 - raw // 16).all()
