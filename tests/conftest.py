"""Shared fixtures: a tiny data set, tiny models, a trained teacher's file."""
import copy
import itertools
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yapf.yapflib.yapf_api  # noqa: F401  fills its cache before workers start
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import mmpose_thermal  # noqa: F401  registers everything
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs

# The networks here are tiny: more threads only wait for each other, and for
# long where other programs run.
torch.set_num_threads(1)

REPOSITORY = Path(__file__).parents[1]
_RUNS = itertools.count()
IMAGE_SIZE = 64
NUM_KEYPOINTS = 68
GREY = dict(mean=[128.] * 3, std=[64.] * 3)
COLOUR = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True)
CODEC = dict(
    type='MSRAHeatmap',
    input_size=(IMAGE_SIZE, IMAGE_SIZE),
    heatmap_size=(IMAGE_SIZE // 4, IMAGE_SIZE // 4),
    sigma=1.5)


#: Files that take longest: begun first, so that no process waits at the end.
_LONGEST = ('test_configs.py', 'test_analysis_tools.py', 'test_tools.py',
            'test_execution.py')


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: _LONGEST.index(item.path.name)
               if item.path.name in _LONGEST else len(_LONGEST))


@pytest.fixture(scope='session')
def cases():
    """Inputs that people really bring; the README there says what is in each.
    """
    folder = REPOSITORY.parent / 'shared' / 'cases'
    if not folder.is_dir():
        pytest.skip('there is no ../shared/cases')
    return folder


@pytest.fixture(autouse=True)
def scope_and_seed():
    init_default_scope('mmpose')
    torch.manual_seed(0)
    np.random.seed(0)  # MMPose's transforms draw from the global generator


@pytest.fixture(autouse=True)
def nothing_warned_yet():
    """What warns once a process warns once a test."""
    from mmpose_thermal.runtime.warned_once import _GIVEN
    _GIVEN.clear()


@pytest.fixture(scope='session', autouse=True)
def impatience_with_workers():
    """After an error, PyTorch waits 5 s for each worker of the loader."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.utils.data._utils, 'MP_STATUS_CHECK_INTERVAL', .5)
        yield


def estimator(width=16, normalisation=GREY, **head):
    """A small TopdownPoseEstimator config with a deconvolution head."""
    return dict(
        type='TopdownPoseEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor', **normalisation),
        backbone=dict(
            type='ResNet', depth=18, stem_channels=8, base_channels=width),
        head=dict(
            type='HeatmapHead',
            in_channels=8 * width,
            out_channels=NUM_KEYPOINTS,
            deconv_out_channels=(8, 8, 8),
            deconv_kernel_sizes=(4, 4, 4),
            loss=dict(type='KeypointMSELoss', use_target_weight=True),
            decoder=copy.deepcopy(CODEC),
            **head))


#: RTMPose's representation.
SIMCC = dict(
    type='SimCCLabel',
    input_size=(IMAGE_SIZE, IMAGE_SIZE),
    sigma=4.,
    simcc_split_ratio=2.0)


def simcc(width=16, normalisation=GREY, **head):
    """The same with a SimCC head without deconvolutions."""
    config = estimator(width, normalisation)
    config['head'] = {
        'type': 'SimCCHead',
        'in_channels': 8 * width,
        'out_channels': NUM_KEYPOINTS,
        'input_size': (IMAGE_SIZE, IMAGE_SIZE),
        'in_featuremap_size': (2, 2),
        'deconv_out_channels': None,
        'loss': dict(type='KLDiscretLoss', use_target_weight=True),
        'decoder': dict(SIMCC),
        **head
    }
    return config


def rtmcc(width=16, normalisation=GREY):
    """The same with RTMPose's head and loss."""
    config = simcc(width, normalisation)
    del config['head']['deconv_out_channels']
    config['head'].update(
        type='RTMCCHead',
        gau_cfg=dict(
            hidden_dims=32,
            s=16,
            expansion_factor=2,
            dropout_rate=0.,
            drop_path=0.,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False),
        loss=dict(
            type='KLDiscretLoss',
            use_target_weight=True,
            beta=10.,
            label_softmax=True))
    return config


def batch_for(config, num_keypoints=NUM_KEYPOINTS):
    """Two samples with the targets that a head trains on."""
    from mmengine.structures import InstanceData, PixelData
    from mmpose.registry import KEYPOINT_CODECS
    from mmpose.structures import PoseDataSample
    codec = KEYPOINT_CODECS.build(copy.deepcopy(config['head']['decoder']))
    rng, samples = np.random.default_rng(0), []
    for _ in range(2):
        encoded = codec.encode(
            rng.uniform(8, 56, (1, num_keypoints, 2)).astype(np.float32),
            np.ones((1, num_keypoints), np.float32))
        sample = PoseDataSample()
        labels = dict(keypoint_weights=torch.from_numpy(
            np.asarray(encoded['keypoint_weights'])).float())
        for key in ('keypoint_x_labels', 'keypoint_y_labels',
                    'keypoint_labels'):
            if key in encoded:
                labels[key] = torch.from_numpy(encoded[key]).float()
        if 'heatmaps' in encoded:
            sample.gt_fields = PixelData(
                heatmaps=torch.from_numpy(encoded['heatmaps']))
        sample.gt_instance_labels = InstanceData(**labels)
        sample.gt_instances = InstanceData(
            bboxes=np.array([[0., 0, 60, 60]]), bbox_scores=np.ones(1))
        sample.set_metainfo(
            dict(
                input_size=(IMAGE_SIZE, IMAGE_SIZE),
                input_center=np.array([32., 32]),
                input_scale=np.array([64., 64]),
                flip_indices=list(range(num_keypoints))))
        samples.append(sample)
    return dict(
        inputs={
            name: torch.randn(2, 3, IMAGE_SIZE, IMAGE_SIZE)
            for name in ('thermal', 'rgb')
        },
        data_samples=samples)


@pytest.fixture
def run_tool(monkeypatch, capsys):
    """Runs a tool of tools/ in this process; returns what it printed."""

    def run_tool(name, *arguments):
        script = str(REPOSITORY / f'tools/{name}.py')
        monkeypatch.syspath_prepend(str(Path(script).parent))
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        try:
            runpy.run_path(script, run_name='__main__')
        except SystemExit as ended:
            if ended.code:
                raise
        return capsys.readouterr().out

    return run_tool


@pytest.fixture
def run_cli(capsys):
    """Runs ``mmpose-thermal`` in this process; returns what it printed."""
    from mmpose_thermal.cli import main

    def run_cli(*arguments):
        status = main([*map(str, arguments)])
        if status:
            raise SystemExit(status)
        return capsys.readouterr().out

    return run_cli


def gradients(model, batch):
    """Of the summed losses, by parameter."""
    model.zero_grad()
    model.parse_losses(model(**batch, mode='loss'))[0].backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def face_errors(count=12, error_px=2., seed=0, **changed):
    """Errors of a model that is off by about so much, on the same faces."""
    from mmpose_thermal.evaluation import FaceErrors
    truth = np.random.default_rng(1).uniform(20, 80, (count, 68, 2))
    truth[:, 36], truth[:, 45] = (30, 40), (70, 40)
    shift = np.random.default_rng(seed).normal(0, error_px, truth.shape)
    fields = dict(
        images=[f'{index}.png' for index in range(count)],
        ids=list(range(count)),
        predicted=truth + shift,
        truth=truth,
        labelled=np.ones((count, 68), bool),
        boxes=np.tile([20., 20, 80, 80], (count, 1)),
        lengths_px=dict(interocular=np.full(count, 40.)),
        attributes=[
            dict(subject_id=index // 2, yaw_deg=10. * index,
                 glasses=index % 2 == 0) for index in range(count)
        ],
        regions=dict(jaw=list(range(17)), nose=list(range(27, 36))))
    return FaceErrors(**{**fields, **changed})


def teacher_saver(folder):
    """Saves a freshly initialised model as a checkpoint; returns its path."""
    from mmpose.registry import MODELS

    def save(config, name='teacher.pth', keep=lambda key: True):
        model = MODELS.build(copy.deepcopy(config))
        model.init_weights()
        with torch.no_grad():  # running statistics unlike the initial ones
            for key, buffer in model.named_buffers():
                if 'running_mean' in key:
                    buffer.uniform_(-.2, .2)
                elif 'running_var' in key:
                    buffer.uniform_(.5, 1.5)
            # MMPose starts heads near zero: gradients would be too, and a
            # test of where they flow could not tell.
            for parameter in model.head.parameters():
                parameter.add_(.1 * torch.randn_like(parameter))
        path = folder / name
        state = {k: v for k, v in model.state_dict().items() if keep(k)}
        torch.save(dict(state_dict=state, meta=dict()), path)
        save.path = str(path)
        return save.path

    return save


@pytest.fixture
def save_teacher(tmp_path):
    return teacher_saver(tmp_path)


@pytest.fixture
def build_distiller(save_teacher):
    """Builds a CrossModalDistiller; keyword arguments override its config."""
    from mmpose.registry import MODELS

    def build(student_width=16, teacher_width=16, **overrides):
        teacher = estimator(teacher_width, COLOUR)
        config = dict(
            type='CrossModalDistiller',
            teacher=dict(config=teacher, checkpoint=save_teacher(teacher)),
            student=dict(config=estimator(student_width)),
            distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
            data_preprocessor=dict(
                type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR))
        config.update(overrides)
        model = MODELS.build(config)
        model.init_weights()
        with torch.no_grad():
            for parameter in model.student.head.parameters():
                parameter.add_(.1 * torch.randn_like(parameter))
        return model.train()

    return build


@pytest.fixture
def batch():
    """A batch of two random pairs with heatmaps, as the model gets it."""
    return batch_for(estimator())


@pytest.fixture(scope='session')
def pairs_root(tmp_path_factory):
    """A tiny synthetic data set."""
    root = tmp_path_factory.mktemp('synthetic')
    make_synthetic_pairs(
        str(root),
        SyntheticSpec(
            train=6, val=3, test=4, extra=2, per_subject=2, size=96))
    return root


@pytest.fixture(scope='session', autouse=True)
def plain_config_text():
    """MMEngine formats each config that it logs or saves: a second every time.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in ('yapf.yapflib.yapf_api', 'mmengine.config.config'):
            patch.setattr(f'{module}.FormatCode',
                          lambda text, **kwargs: (text, True), raising=False)
        yield


@pytest.fixture
def run_config(pairs_root, tmp_path, save_teacher):
    """A KTL run of two epochs on the tiny data set, with augmentation."""
    teacher = estimator(normalisation=COLOUR)
    pipeline = [
        dict(type='LoadThermalImage'),
        dict(type='LoadRGBPartner'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip'),
        dict(type='RandomBBoxTransform'),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='GenerateTarget', encoder=CODEC),
        dict(type='PackPairInputs'),
    ]
    return Config(
        dict(
            default_scope='mmpose',
            custom_imports=dict(
                imports=['mmpose_thermal'], allow_failed_imports=False),
            work_dir=str(tmp_path / 'run'),
            model=dict(
                type='CrossModalDistiller',
                teacher=dict(
                    config=teacher, checkpoint=save_teacher(teacher)),
                student=dict(config=estimator(8)),
                distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
                decay=dict(type='linear'),
                data_preprocessor=dict(
                    type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR)),
            train_dataloader=dict(
                batch_size=3,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
                dataset=dict(
                    type='ThermalFaceDataset',
                    data_root=str(pairs_root),
                    ann_file='annotations/train.json',
                    with_rgb=True,
                    pipeline=pipeline)),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)),
            default_hooks=dict(
                checkpoint=dict(type='AtomicCheckpointHook', interval=1),
                epoch_seed=dict(type='EpochSeedHook'),
                student=dict(type='StudentCheckpointHook')),
            randomness=dict(seed=0, deterministic=True),
            log_level='WARNING'))


@pytest.fixture
def validated_config(run_config):
    """The same run, validated after each epoch, with a best checkpoint."""
    loader = run_config.to_dict()['train_dataloader']
    loader['sampler']['shuffle'] = False
    loader['dataset'].update(
        ann_file='annotations/val.json',
        test_mode=True,
        with_rgb=False,
        pipeline=[
            dict(type='LoadThermalImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=(64, 64)),
            dict(type='PackPoseInputs'),
        ])
    fields = run_config.to_dict()
    for stage in ('val', 'test'):
        fields[f'{stage}_dataloader'] = loader
        fields[f'{stage}_cfg'] = dict()
        fields[f'{stage}_evaluator'] = dict(type='FaceAlignmentMetric')
    fields['default_hooks']['checkpoint'].update(
        save_best='NME', rule='less')
    return Config(fields)


def new_runner(config, work_dir=None):
    """A runner with a name of its own.

    MMEngine names runs by the second; two of one name would share their logs.
    """
    config = copy.deepcopy(config)
    config.experiment_name = f'run{next(_RUNS)}'
    if work_dir is not None:
        config.work_dir = str(work_dir)
    return Runner.from_cfg(config)


@pytest.fixture
def finished_run(run_config):
    runner = new_runner(run_config)
    runner.train()
    return runner


def student_saver(folder):
    """Saves a model as training leaves a student: NAME.pth and NAME.py."""
    from mmpose_thermal.datasets.point_sets import load_metainfo
    from mmpose_thermal.engine.student import student_config

    def save(model=None, name='student', test_pipeline=()):
        model = estimator(8) if model is None else model
        path = teacher_saver(folder)(model, f'{name}.pth')
        content = torch.load(path, weights_only=False)
        content['meta'] = dict(
            dataset_meta=load_metainfo(dict(from_file='ibug68')))
        torch.save(content, path)
        pipeline = list(test_pipeline) or [
            dict(type='LoadThermalImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=(IMAGE_SIZE, IMAGE_SIZE)),
            dict(type='PackPoseInputs')
        ]
        config = Config(
            dict(
                default_scope='mmpose',
                custom_imports=dict(
                    imports=['mmpose_thermal'], allow_failed_imports=False),
                model=model,
                visualizer=dict(type='PoseLocalVisualizer'),
                test_dataloader=dict(
                    dataset=dict(
                        type='ThermalFaceDataset',
                        data_root='nowhere',
                        ann_file='test.json',
                        pipeline=pipeline))))
        student_config(config).dump(str(folder / f'{name}.py'))
        return path

    return save


@pytest.fixture
def save_student(tmp_path):
    return student_saver(tmp_path)


@pytest.fixture(scope='session')
def onnx(tmp_path_factory):
    """A tiny model with random weights, exported: the path of NAME.onnx."""
    from mmpose_thermal.deployment import describe, export_model, load_model
    init_default_scope('mmpose')
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('onnx') / 'student.onnx'
    model = load_model(student_saver(path.parent)())
    export_model(model, describe(model), str(path))
    return path
