"""MMPose's own tools, body key points, an MMDetection model; no patches."""
import copy
import json
import os.path as osp
import shutil
import subprocess
import sys

import mmpose
import pytest
import torch
from conftest import COLOUR, IMAGE_SIZE, REPOSITORY, SIMCC, new_runner, rtmcc
from mmengine.config import Config

BODY = 17


# ------------------------------------------------------------- MMPose's tools
def write_config(config, path):
    Config(dict(config.to_dict(), log_level='INFO')).dump(path)
    return str(path)


@pytest.mark.long
def test_mmposes_own_tool_trains_and_tests(validated_config, tmp_path):
    """Without a wrapper of ours: the config's custom_imports registers all."""
    validated_config.train_cfg.max_epochs = 1
    config = write_config(validated_config, tmp_path / 'own.py')
    tools = osp.join(osp.dirname(mmpose.__file__), '.mim/tools')
    run = tmp_path / 'run'
    for command in (
        ['train.py', config],
        ['test.py', str(run / 'student_best.py'), str(run / 'student_best.pth'),
         '--work-dir', str(tmp_path / 'test')]):
        ended = subprocess.run([sys.executable, osp.join(tools, command[0]),
                                *command[1:]], capture_output=True, text=True,
                               cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr[-2000:]
    assert 'NME' in ended.stdout + ended.stderr


@pytest.mark.skipif(shutil.which('mim') is None, reason='mim is missing')
@pytest.mark.long
def test_mim_trains(run_config, tmp_path):
    run_config.train_cfg.max_epochs = 1
    config = write_config(run_config, tmp_path / 'own.py')
    ended = subprocess.run(['mim', 'train', 'mmpose', config],
                           capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr[-2000:]


# ------------------------------------------------------------------ the body
@pytest.fixture
def body_pairs(pairs_root, tmp_path):
    """The same pictures with COCO's 17 points, wherever they lie."""
    root = shutil.copytree(pairs_root, tmp_path / 'body')
    path = root / 'annotations/train.json'
    coco = json.loads(path.read_text())
    for annotation in coco['annotations']:
        annotation['keypoints'] = annotation['keypoints'][:3 * BODY]
        annotation['num_keypoints'] = BODY
    path.write_text(json.dumps(coco))
    return root


def body_model(width, normalisation=None):
    config = rtmcc(width, **({} if normalisation is None else dict(
        normalisation=normalisation)))
    config['head']['out_channels'] = BODY
    return config


def test_rtmpose_learns_body_points_from_rgb(run_config, body_pairs,
                                             save_teacher):
    """Nothing here is about faces: COCO's body, RTMPose on both sides."""
    teacher = body_model(16, COLOUR)
    run_config.model.teacher = dict(
        config=teacher, checkpoint=save_teacher(teacher, 'body.pth'))
    run_config.model.student = dict(config=body_model(8))
    dataset = run_config.train_dataloader.dataset
    dataset.update(data_root=str(body_pairs),
                   metainfo=dict(from_file='configs/_base_/datasets/coco.py'))
    for transform in dataset.pipeline:
        if transform['type'] == 'GenerateTarget':
            transform['encoder'] = dict(SIMCC)
    runner = new_runner(run_config)
    before = copy.deepcopy(runner.model.student.state_dict())
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss_dikd')._log_history
    assert len(losses) == 4 and (losses > 0).all()
    after = runner.model.student.state_dict()
    assert all(not torch.equal(after[key], value)
               for key, value in before.items() if key.endswith('conv1.weight'))
    names = runner.train_dataloader.dataset.metainfo['keypoint_id2name']
    assert names[0] == 'nose' and len(names) == BODY


# ------------------------------------------------------------- MMDetection
def detector(width):
    return dict(
        type='mmdet.RetinaNet',
        backbone=dict(type='mmdet.ResNet', depth=18, base_channels=width,
                      stem_channels=8, out_indices=(2, 3)),
        neck=dict(type='mmdet.FPN', in_channels=[4 * width, 8 * width],
                  out_channels=width, num_outs=2),
        bbox_head=dict(
            type='mmdet.RetinaHead', num_classes=3, in_channels=width,
            stacked_convs=1, feat_channels=width,
            anchor_generator=dict(
                type='mmdet.AnchorGenerator', octave_base_scale=4,
                scales_per_octave=1, ratios=[1.], strides=[16, 32])))


@pytest.mark.parametrize('losses', [
    dict(loss_dikd=dict(type='mmpose.DIKDLoss', forward_target='teacher',
                        reverse_target='teacher')),
    dict(loss_fd=dict(type='mmpose.FeatureDistillLoss', form='cwd'),
         loss_ld=dict(type='mmpose.LogitDistillLoss', form='mse'))])
def test_a_detector_learns_from_another(losses):
    """Losses and connectors in an MMDetection model, by config, with DIKD on
    the classification branch of the finest level.
    """
    pytest.importorskip('mmdet')
    from mmdet.registry import MODELS
    from mmengine.registry import DefaultScope

    from mmpose_thermal.models import DistillBatch
    with DefaultScope.overwrite_default_scope('mmdet'):
        student, teacher = (MODELS.build(detector(w)) for w in (8, 16))
        modules = torch.nn.ModuleDict(
            {name: MODELS.build(loss) for name, loss in losses.items()})
    teacher.eval().requires_grad_(False)

    def head(model):
        return lambda feature: model.bbox_head.forward_single(feature)[0]

    images = torch.rand(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    shapes = [tuple(m.extract_feat(images)[0].shape[1:])
              for m in (teacher, student)]
    for loss in modules.values():
        loss.connect(*shapes)
    weights = [*student.parameters(), *modules.parameters()]
    optimizer = torch.optim.Adam(weights, lr=1e-3)
    frozen = {k: v.clone() for k, v in teacher.state_dict().items()}
    # Heads of detectors start near zero: what they have to learn, too.
    torch.nn.init.normal_(teacher.bbox_head.retina_cls.weight, std=.5)
    frozen['bbox_head.retina_cls.weight'] = \
        teacher.bbox_head.retina_cls.weight.clone()
    history = []
    for _ in range(6):
        with torch.no_grad():
            theirs = teacher.extract_feat(images)[0]
        batch = DistillBatch(
            student_feature=student.extract_feat(images)[0],
            teacher_feature=theirs, student_head=head(student),
            teacher_head=head(teacher),
            criterion=lambda output, target: (output - target).square().mean(),
            target=head(teacher)(theirs))
        total = sum(loss(batch) for loss in modules.values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(float(total))
    assert history[-1] < history[0]
    assert student.backbone.conv1.weight.grad.abs().sum() > 0
    assert all(torch.equal(teacher.state_dict()[k], v)
               for k, v in frozen.items())


# ------------------------------------------------------------------- patches
_SNAPSHOT = '''
import importlib, sys
import mmcv.transforms, mmdet.models, mmdet.datasets, mmengine.runner
import mmpose.apis, mmpose.codecs, mmpose.datasets, mmpose.evaluation
import mmpose.models, mmpose.visualization, mmpose.engine
from mmengine import registry
import mmpose.registry, mmdet.registry
LIBRARIES = ('mmengine', 'mmcv', 'mmpose', 'mmdet', 'torch', 'cv2', 'numpy')

def snapshot():
    found = {}
    for name, module in list(sys.modules.items()):
        if name.split('.')[0] in LIBRARIES and module is not None:
            for key, value in list(vars(module).items()):
                if callable(value):
                    found[name, key] = id(value)
                if isinstance(value, type) and value.__module__ == name:
                    for inner, part in list(vars(value).items()):
                        if callable(part):
                            found[name, key, inner] = id(part)
    return found

def registered():
    roots = [v for m in (mmpose.registry, mmdet.registry, registry)
             for v in vars(m).values() if isinstance(v, registry.Registry)]
    return {(r.scope, r.name, key): value for r in roots
            for key, value in r.module_dict.items()}

before, modules = snapshot(), registered()
import mmpose_thermal
after, ours = snapshot(), registered()
changed = [k for k, v in before.items() if after.get(k) != v]
assert not changed, changed
lost = [k for k, v in modules.items() if ours.get(k) is not v]
assert not lost, lost
new = {k[2] for k in ours.keys() - modules.keys()
       if ours[k].__module__.startswith('mmpose_thermal')}
assert 'CrossModalDistiller' in new and 'DIKDLoss' in new, new
print(len(before), 'checked')
'''


def test_nothing_of_others_is_changed():
    """No function, class or registered name of a library is another one."""
    ended = subprocess.run([sys.executable, '-W', 'ignore', '-c', _SNAPSHOT],
                           capture_output=True, text=True, cwd=REPOSITORY)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert int(ended.stdout.split()[-2]) > 10000


@pytest.mark.long
def test_mmposes_tests_are_compared(tmp_path):
    """The script that runs MMPose's own tests, on a checkout of two."""
    folder = tmp_path / 'tests/test_codecs'
    folder.mkdir(parents=True)
    (folder / 'test_one.py').write_text(
        'import sys\n\n\ndef test_codec():\n'
        '    from mmpose.codecs import MSRAHeatmap\n'
        '    assert MSRAHeatmap((8, 8), (4, 4), 1.)\n\n\n'
        'def test_broken():\n    assert False\n')
    command = ['bash', 'tools/dev/run_mmpose_tests.sh', '--no-venv',
               str(tmp_path)]
    run = dict(capture_output=True, text=True, cwd=REPOSITORY,
               env={**dict(__import__('os').environ),
                    'PYTHON': sys.executable})
    ended = subprocess.run(command, **run)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert 'All 1 tests' in ended.stdout
    (folder / 'test_one.py').write_text(
        'import sys\n\n\ndef test_codec():\n'
        '    assert "mmpose_thermal" not in sys.modules\n')
    ended = subprocess.run(command, **run)
    assert ended.returncode == 1 and 'test_codec' in ended.stdout
