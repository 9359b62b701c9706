"""Pictures of images of every depth: hook, visualizer and inferencer."""
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import new_runner
from mmengine.structures import InstanceData
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample

from mmpose_thermal.datasets.transforms import LoadThermalImage
from mmpose_thermal.runtime import decode_image
from mmpose_thermal.runtime.palettes import apply_palette


def kelvin_of(coco_file):
    coco = json.loads(coco_file.read_text())
    return coco, [
        cv2.imread(str(coco_file.parents[1] / image['file_name']),
                   cv2.IMREAD_UNCHANGED) / np.float32(100)
        for image in coco['images']
    ]


def write_celsius(path, kelvin):
    np.save(path, kelvin - 273.15)
    return dict(bit_depth=32, temperature_offset=273.15)


def write_iron(path, kelvin):
    grey = np.clip((kelvin - 290) * 12, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), apply_palette(grey, 'iron'))
    return dict(palette='iron')


def write_centikelvin(path, kelvin):
    cv2.imwrite(str(path), np.rint(100 * kelvin).astype(np.uint16))
    return dict(bit_depth=16)


def write_float(path, kelvin):
    cv2.imwrite(str(path), kelvin)
    return dict(bit_depth=32)


KINDS = {'.npy': write_celsius, '.png': write_iron, '_16.png':
         write_centikelvin, '.tiff': write_float}


@pytest.fixture(params=KINDS)
def face_set(request, pairs_root, tmp_path):
    """A data set of two images of one kind."""
    coco, images = kelvin_of(pairs_root / 'annotations/val_16bit.json')
    coco['images'] = coco['images'][:2]
    ids = [image['id'] for image in coco['images']]
    coco['annotations'] = [
        face for face in coco['annotations'] if face['image_id'] in ids
    ]
    for number, (record, kelvin) in enumerate(zip(coco['images'], images)):
        name = f'{number}{request.param}'
        for field in ('bit_depth', 'temperature_scale', 'temperature_offset'):
            record.pop(field)
        record.update(KINDS[request.param](tmp_path / name, kelvin))
        record['file_name'] = name
    (tmp_path / 'faces.json').write_text(json.dumps(coco))
    return tmp_path, coco['images']


def options(**loading):
    return dict(loading, temperature_range_k=(290, 310))


@pytest.mark.parametrize('stage', ['test', 'val'])
def test_the_hook_draws_on_what_the_network_saw(face_set, validated_config,
                                                stage):
    root, records = face_set
    dataset = validated_config[f'{stage}_dataloader'].dataset
    dataset.update(
        data_root=str(root), ann_file='faces.json', indices=None)
    dataset.pipeline[0].update(options())
    validated_config.visualizer = dict(
        type='ThermalPoseVisualizer',
        vis_backends=[dict(type='LocalVisBackend')])
    validated_config.default_hooks.visualization = dict(
        type='ThermalVisualizationHook', enable=True, interval=1,
        out_dir='pictures' if stage == 'test' else None)
    validated_config.default_hooks.checkpoint = None  # there is no training
    runner = new_runner(validated_config)
    getattr(runner, stage)()
    pictures = sorted((root / 'run').rglob(
        'pictures/*.png' if stage == 'test' else 'val_img*.png'))
    assert len(pictures) == (2 if stage == 'test' else 1)
    for path, record in zip(pictures, records):
        seen = LoadThermalImage(**options())(
            dict(record, img_path=str(root / record['file_name'])))['img']
        shown = cv2.imread(str(path))[:seen.shape[0]]
        assert shown.shape == seen.shape
        # But for the points that are drawn.
        assert (shown == seen).all(2).mean() > .5
        assert np.ptp(seen) > 100


def test_pictures_of_several_batches_lie_in_one_folder(pairs_root,
                                                       validated_config):
    validated_config.test_dataloader.batch_size = 1
    validated_config.visualizer = dict(type='PoseLocalVisualizer')
    validated_config.default_hooks.visualization = dict(
        type='ThermalVisualizationHook', enable=True, out_dir='pictures')
    runner = new_runner(validated_config)
    runner.test()
    folder = Path(runner.work_dir, runner.timestamp, 'pictures')
    assert len([*folder.glob('*.png')]) == 3


def test_a_model_of_visible_light_is_drawn_in_colour(pairs_root,
                                                     validated_config):
    dataset = validated_config.test_dataloader.dataset
    dataset.ann_file = 'annotations/rgb_val.json'
    dataset.pipeline[0] = dict(type='LoadImage')
    validated_config.visualizer = dict(type='PoseLocalVisualizer')
    validated_config.default_hooks.visualization = dict(
        type='ThermalVisualizationHook', enable=True, out_dir='pictures')
    runner = new_runner(validated_config)
    runner.test()
    coco = json.loads((pairs_root / dataset.ann_file).read_text())
    image = cv2.imread(str(pairs_root / coco['images'][0]['file_name']))
    shown = cv2.imread(f'{runner.work_dir}/{runner.timestamp}/pictures/'
                       f'{coco["images"][0]["file_name"].split("/")[-1][:-4]}'
                       '_0.png')[:image.shape[0]]
    assert (shown == image).all(2).mean() > .5


def a_sample(path=None):
    sample = PoseDataSample()
    if path is not None:
        sample.set_metainfo(dict(img_path=str(path)))
    sample.pred_instances = InstanceData(
        keypoints=np.array([[[5., 5.]]]), keypoint_scores=np.ones((1, 1)))
    return sample


def test_the_visualizer_shows_arrays_and_files_of_more_bits(tmp_path):
    counts = (29_000 + np.arange(64 * 48) % 1500).astype(np.uint16)
    counts = counts.reshape(48, 64)
    visualizer = VISUALIZERS.build(
        dict(type='ThermalPoseVisualizer', name='of_depth'))
    expected = LoadThermalImage()(dict(img=counts))['img']
    cv2.imwrite(str(tmp_path / 'a.png'), counts)
    dark = cv2.imread(str(tmp_path / 'a.png'))  # as MMPose reads it
    assert np.ptp(dark) < 8
    for image, path in ((counts, None), (cv2.merge([counts] * 3), None),
                        (counts / np.float32(100), None),
                        (dark, tmp_path / 'a.png')):
        shown = visualizer.add_datasample(
            'a', image, a_sample(path), draw_gt=False)
        assert np.median(np.abs(shown.astype(int) - expected)) <= 1
    # 8 bits stay as they are, and so does a background that shall be black.
    for image, path in ((expected, tmp_path / 'none.jpg'),
                        (np.zeros_like(expected), tmp_path / 'a.png')):
        shown = visualizer.add_datasample(
            'a', image, a_sample(path), draw_gt=False)
        assert (shown == image).all(2).mean() > .9


@pytest.fixture
def inferencer(save_student, tmp_path):
    from mmpose_thermal.apis import ThermalInferencer

    def build(**arguments):
        checkpoint = save_student()
        return ThermalInferencer(
            str(tmp_path / 'student.py'), checkpoint, device='cpu',
            **arguments)

    return build


def test_the_inferencer_takes_images_of_every_kind(face_set, inferencer):
    root, records = face_set
    fields = {key: records[0][key] for key in (
        'palette', 'temperature_scale', 'temperature_offset')
        if key in records[0]}
    infer = inferencer(**fields)
    paths = [root / record['file_name'] for record in records]
    raw = [decode_image(path.read_bytes(), str(path), palette='iron')
           for path in paths]
    expected = [
        LoadThermalImage()(dict(record, img_path=str(path)))['img']
        for record, path in zip(records, paths)
    ]
    for inputs, names in ((paths, [path.stem for path in paths]),
                          (raw, ['000000', '000001'])):
        results = [*infer(inputs, return_vis=True,
                          vis_out_dir=str(root / 'shown'))]
        for result, picture, name in zip(results, expected, names):
            shown = result['visualization'][0]
            assert (shown == picture).all(2).mean() > .5
            assert len(result['predictions'][0][0]['keypoints']) == 68
            assert [*(root / 'shown').glob(f'{name}.*')]
    by_path, by_array = [*infer(str(paths[0]))], [*infer(raw[0])]
    for one, other in zip(by_path, by_array):
        assert one['predictions'] == other['predictions']


def test_the_inferencer_takes_a_folder(pairs_root, inferencer):
    folder = pairs_root / 'thermal16/val'
    count = len([*folder.glob('*.png')])
    assert count and len([*inferencer()(str(folder))]) == count


def test_results_of_equal_names_do_not_meet(tmp_path, inferencer):
    frames = np.random.default_rng(0).integers(0, 255, (2, 64, 64), np.uint8)
    paths = [tmp_path / folder / 'a.npy' for folder in 'xy']
    for path, frame in zip(paths, frames):
        path.parent.mkdir()
        np.save(path, frame)
    assert len([*inferencer()(paths, pred_out_dir=str(tmp_path / 'out'))]) == 2
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'a.json', 'y_a.json']


def test_the_inferencer_takes_what_the_landmarker_takes(tmp_path, inferencer):
    from PIL import Image
    frame = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    infer = inferencer()
    expected = [*infer(frame)][0]['predictions']
    for image in (Image.fromarray(frame), torch.from_numpy(frame)[None],
                  [Image.fromarray(frame)], frame[None]):
        assert [*infer(image)][0]['predictions'] == expected
    for nothing, message in ((None, 'None was given'), ([None], 'is None'),
                             ([], 'empty list')):
        with pytest.raises(ValueError, match=message):
            [*infer(nothing)]
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='holds no image'):
        [*infer(str(tmp_path / 'empty'))]


def test_a_model_of_visible_light_is_not_for_this_inferencer(
        save_student, tmp_path):
    from mmpose_thermal.apis import ThermalInferencer
    checkpoint = save_student(test_pipeline=[
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='PackPoseInputs')
    ])
    with pytest.raises(ValueError, match='a model for visible light. Use'):
        ThermalInferencer(str(tmp_path / 'student.py'), checkpoint,
                          device='cpu')


def test_mmposes_functions_take_arrays_of_more_bits(save_student, tmp_path):
    """``init_model`` and ``inference_topdown``, with the one reader."""
    from mmpose.apis import inference_topdown, init_model

    from mmpose_thermal.datasets.transforms.loading import read_image
    kelvin = (290 + 20 * np.random.default_rng(0).random((64, 64)))
    np.save(tmp_path / 'a.npy', kelvin)
    model = init_model(str(tmp_path / 'student.py'), save_student(),
                       device='cpu')
    found = inference_topdown(model, read_image(str(tmp_path / 'a.npy')))[0]
    grey = LoadThermalImage()(dict(img_path=str(tmp_path / 'a.npy')))['img']
    expected = inference_topdown(model, grey)[0]
    assert (found.pred_instances.keypoints ==
            expected.pred_instances.keypoints).all()
