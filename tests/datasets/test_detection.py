"""Boxes of thermal faces for MMDetection, and its detectors exported."""
import json

import cv2
import numpy as np
import pytest
import torch
from conftest import REPOSITORY
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.datasets.detection import ThermalFaceDetDataset
from mmpose_thermal.deployment import describe, export_model, load_model
from mmpose_thermal.deployment.verification import (ExportedNetwork,
                                                    compare_boxes,
                                                    face_images)
from mmpose_thermal.synthetic import SyntheticSpec, pictures_of

NANO = REPOSITORY / ('configs/thermal_face_detection/rtmdet/synthetic/'
                     'rtmdet_nano_1xb32-20e_synthetic-groups-320x320.py')


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


def test_annotations_of_landmarks_are_those_of_boxes(pairs_root):
    for name, bit_depth in (('test', 8), ('test_16bit', 16)):
        dataset = ThermalFaceDetDataset(
            data_root=str(pairs_root), ann_file=f'annotations/{name}.json',
            pipeline=[dict(type='mmpose.LoadThermalImage'),
                      dict(type='LoadAnnotations', with_bbox=True)])
        assert len(dataset) == 4 and dataset.metainfo['classes'] == ('face', )
        coco = json.loads(
            (pairs_root / f'annotations/{name}.json').read_text())
        x, y, width, height = coco['annotations'][0]['bbox']
        info = dataset.get_data_info(0)
        assert info['bit_depth'] == bit_depth
        assert info['instances'][0]['bbox'] == [x, y, x + width, y + height]
        sample = dataset[0]
        assert sample['img'].dtype == np.uint8 and sample['img'].std() > 10


def test_boxes_need_no_landmarks_and_ids_may_be_text(tmp_path):
    """The files of detectors, and crowds that are not judged."""
    image = dict(id='a', file_name='x\\a.png', width=64, height=48)
    boxes = [dict(id=i, image_id='a', category_id=1, bbox=[5, 5, 20, 30])
             for i in range(200)]
    boxes[1].update(iscrowd=1, area=600)
    del boxes[2]['bbox']

    def write(annotations=boxes, name='face'):
        (tmp_path / 'a.json').write_text(json.dumps(dict(
            images=[image], annotations=annotations,
            categories=[dict(id=1, name=name)])))

    def refuse(message, error=ValueError):
        with pytest.raises(error, match=message):
            ThermalFaceDetDataset(**options)

    options = dict(data_root=str(tmp_path), ann_file='a.json', pipeline=[])
    refuse('a.json does not exist', FileNotFoundError)
    (tmp_path / 'a.json').write_text('{"images": [')
    refuse('a.json: it is not JSON')
    write(name='person')
    refuse('none of the categories')
    write()
    refuse('1 of 1 files do not exist', FileNotFoundError)
    (tmp_path / 'x').mkdir()
    cv2.imwrite(str(tmp_path / 'x/a.png'), np.zeros((48, 64), np.uint16))
    refuse('uint16 pixels, but .* 8 bits')
    cv2.imwrite(str(tmp_path / 'x/a.png'), np.zeros((48, 64), np.uint8))
    info = ThermalFaceDetDataset(**options).get_data_info(0)
    assert info['img_path'] == str(tmp_path / 'x/a.png')
    assert info['declared_size'] == (64, 48)
    flags = [instance['ignore_flag'] for instance in info['instances']]
    assert len(flags) == 199 and sum(flags) == 1
    for bad in 7, dict(boxes[0], id=999, category_id=None):
        write([*boxes, bad])
        refuse('a.json: "annotations".200. ')


def rendered():
    """The first of the pictures that an export is checked on."""
    return next(pictures_of(SyntheticSpec(), 'test', 600_000, 1)).thermal


@pytest.fixture
def detector(tmp_path):
    """An untrained nano detector that is sure of some boxes."""
    from mmengine.registry import MODELS
    config = Config.fromfile(str(NANO))
    config.test_dataloader.dataset.data_root = str(tmp_path / 'nowhere')
    model = MODELS.build(config.model)
    model.init_weights()
    image = cv2.resize(rendered(), (320, 320))
    model.eval()
    with torch.no_grad():
        for convolution in model.bbox_head.rtm_cls:
            torch.nn.init.normal_(convolution.weight)
            convolution.bias.fill_(0)
        for convolution in model.bbox_head.rtm_reg:
            torch.nn.init.normal_(convolution.weight)
            convolution.bias.fill_(3)
        # Some thirty boxes that it is sure of.
        inputs = torch.from_numpy(image).float().expand(1, 3, -1, -1) - 114
        levels, _ = model(inputs / 57, mode='tensor')
        scores = torch.cat([level.flatten() for level in levels])
        gain, threshold = 3 / scores.std(), scores.sort().values[-30]
        for convolution in model.bbox_head.rtm_cls:
            convolution.weight *= gain
            convolution.bias.fill_(float(-gain * threshold))
    path = str(tmp_path / 'nano.pth')
    torch.save(
        dict(state_dict=model.state_dict(),
             meta=dict(dataset_meta=dict(classes=('face', )))), path)
    config.dump(str(tmp_path / 'nano.py'))
    return path


def test_exported_boxes_are_those_of_mmdetection(detector, tmp_path):
    model = load_model(detector, 'detection')
    info = describe(model, 'detection')
    out = str(tmp_path / 'nano.onnx')
    export_model(model, info, out)
    images, where = face_images(model, 'test', 3, info)
    assert where == 'rendered faces'
    difference, count = compare_boxes(
        model, ExportedNetwork(out, task='detection'), images)
    assert count > 0 and difference < .1


def test_detector_and_landmarks_work_together(detector, save_student,
                                              tmp_path):
    """On every device alike, from models as training leaves them."""
    image = rendered()
    init_default_scope('mmpose')
    student = save_student()
    found = {}
    for task, path in (('landmarks', student), ('detection', detector)):
        model = load_model(path, task)
        export_model(model, describe(model, task), path[:-4] + '.onnx')
    for device, suffix in (('cpu', '.pth'), ('onnx', '.onnx')):
        landmarker = ThermalLandmarker(
            student[:-4] + suffix, device, detector[:-4] + suffix)
        found[device] = landmarker(image)
    boxes = {device: np.array([face.box for face in faces])
             for device, faces in found.items()}
    assert len(boxes['cpu']) > 0
    assert boxes['onnx'] == pytest.approx(boxes['cpu'], abs=.1)
    difference = np.linalg.norm([
        one.keypoints - other.keypoints
        for one, other in zip(found['cpu'], found['onnx'])], axis=2)
    assert np.median(difference) < .1
    with pytest.raises(ValueError, match='for landmarks, expected'):
        ThermalLandmarker(student[:-4] + '.onnx', 'onnx',
                          student[:-4] + '.onnx')


def test_unknown_palettes_keep_places_but_not_the_order_of_levels():
    """A detector must know luminance of colours that nobody declared."""
    from mmpose_thermal.datasets.detection import UnknownPalette
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    np.random.seed(0)
    changed = [UnknownPalette(prob=1.)(dict(img=ramp.copy()))['img'][0]
               for _ in range(40)]
    assert all(levels.dtype == np.uint8 for levels in changed)
    rising = [(np.diff(levels.astype(int)) >= -1).all() for levels in changed]
    assert 0 < sum(rising) < len(rising)
    assert (UnknownPalette(prob=0.)(dict(img=ramp))['img'] == ramp).all()
