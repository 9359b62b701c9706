"""Several teachers, teachers out of distillations, samples without a pair."""
import copy
import subprocess
import sys

import pytest
import torch
from conftest import (COLOUR, GREY, IMAGE_SIZE, batch_for, estimator,
                      gradients, rtmcc, simcc)
from mmpose.registry import MODELS

from mmpose_thermal.models import CrossModalDistiller
from mmpose_thermal.models.distillers.probing import (supports_channels_last,
                                                     fold_batch_norm)

PAIR = dict(type='PairDataPreprocessor', thermal=GREY, rgb=COLOUR)


@pytest.fixture
def two_teachers(save_teacher):

    def build(**losses):
        rgb, thermal = estimator(16, COLOUR), estimator(8)
        teachers = dict(
            visible=dict(
                config=rgb,
                checkpoint=save_teacher(rgb, 'rgb.pth'),
                input='rgb',
                distill_losses=dict(loss_dikd=dict(type='DIKDLoss'))),
            infrared=dict(
                config=thermal,
                checkpoint=save_teacher(thermal, 'thermal.pth'),
                input='thermal',
                distill_losses=losses
                or dict(loss_ld=dict(type='LogitDistillLoss'))))
        torch.manual_seed(1)
        model = MODELS.build(
            dict(
                type='CrossModalDistiller',
                teacher=teachers,
                student=dict(config=estimator(8)),
                data_preprocessor=PAIR))
        model.init_weights()
        return model.train()

    return build


def test_each_teacher_brings_its_own_losses(two_teachers, batch):
    model = two_teachers()
    losses = model(**batch, mode='loss')
    assert set(losses) == {'loss_kpt', 'loss_dikd', 'loss_ld', 'distill_decay'}
    with torch.no_grad():
        infrared = model.teachers['infrared'].network(
            batch['inputs']['thermal'], None, 'tensor')
        student = model.student(batch['inputs']['thermal'], None, 'tensor')
    torch.testing.assert_close(losses['loss_ld'].detach(),
                               (student - infrared).square().mean())


def test_losses_of_two_teachers_are_those_of_each_alone(two_teachers,
                                                        build_distiller,
                                                        batch):
    model = two_teachers()
    visible = model.teachers['visible'].network
    alone = build_distiller(student_width=8)
    alone.student.load_state_dict(model.student.state_dict())
    alone.teacher.load_state_dict(visible.state_dict())
    alone.distill_losses.load_state_dict({
        key: value
        for key, value in model.distill_losses.state_dict().items()
        if key.startswith('loss_dikd')
    })
    torch.testing.assert_close(
        alone(**batch, mode='loss')['loss_dikd'],
        model(**batch, mode='loss')['loss_dikd'])


def test_no_teacher_is_trained_or_saved(two_teachers, batch):
    model = two_teachers()
    sum(model(**batch, mode='loss')[k] for k in ('loss_dikd', 'loss_ld')
        ).backward()
    for teacher in model.teachers.values():
        assert not teacher.network.training
        assert all(p.grad is None for p in teacher.parameters())
    assert not [k for k in model.state_dict() if 'network' in k]


def test_two_losses_of_one_name_are_refused(two_teachers):
    with pytest.raises(ValueError, match='two teachers have a "loss_dikd"'):
        two_teachers(loss_dikd=dict(type='LogitDistillLoss'))


def test_common_losses_of_several_teachers_are_refused(save_teacher):
    teacher = estimator(8)
    with pytest.raises(ValueError, match='several teachers'):
        MODELS.build(
            dict(
                type='CrossModalDistiller',
                teacher=dict(
                    one=dict(config=teacher, checkpoint=save_teacher(teacher),
                             input='thermal')),
                student=dict(config=estimator(8)),
                distill_losses=dict(loss_ld=dict(type='LogitDistillLoss')),
                data_preprocessor=PAIR))


@pytest.mark.parametrize('fields, message', [
    (dict(student=dict(config=estimator(8), compiled=True)),
     'student has no field compiled'),
    (dict(student=dict(checkpoint='a.pth')), 'student has no config'),
    (dict(teacher=dict(checkpoint='a.pth')), 'teacher.checkpoint is \'a.pth'),
    (dict(teacher=dict(config=estimator(8), weights='a.pth')),
     'teacher has no field weights'),
])
def test_misspelt_fields_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build({
            'type': 'CrossModalDistiller',
            'teacher': dict(config=estimator(8), checkpoint='a.pth'),
            'student': dict(config=estimator(8)),
            'data_preprocessor': PAIR,
            **fields
        })


def test_copy_for_ema_shares_the_frozen_teachers(two_teachers):
    model = two_teachers()
    clone = copy.deepcopy(model)
    assert clone.teachers['visible'] is model.teachers['visible']
    weight = next(clone.student.head.parameters())
    assert weight is not next(model.student.head.parameters())
    # The copy runs its own head, not that of the original.
    assert next(clone._student_head.parameters()) is weight


# --------------------------------------------- teachers out of distillations
def distillation_of(save_teacher, prefix):
    """What a run left whose student, of width 8, lies under a prefix."""
    path = save_teacher(estimator(8), 'student.pth')
    content = torch.load(path, weights_only=False)
    other = torch.load(
        save_teacher(estimator(8), 'other.pth'), weights_only=False)
    state = {'teacher.' + k: v for k, v in other['state_dict'].items()}
    state.update({prefix + k: v for k, v in content['state_dict'].items()})
    torch.save(dict(state_dict=state, meta=dict()), path)
    return path, content['state_dict']


def teaches_as(model, weights):
    """Whether the teacher's outputs are those of a network of the weights."""
    stock = MODELS.build(estimator(8)).eval()
    stock.load_state_dict(weights)
    images = torch.randn(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    with torch.no_grad():
        return torch.allclose(
            model.teacher(images, None, 'tensor'),
            stock(images, None, 'tensor'), atol=1e-6)


class OwnDistiller(CrossModalDistiller):
    """Of another project."""


@pytest.mark.parametrize('prefix', ['', 'student.', 'architecture.',
                                    'module.student.'])
@pytest.mark.parametrize('kind', ['CrossModalDistiller',
                                  'mmpose.CrossModalDistiller', OwnDistiller])
def test_student_of_an_earlier_distillation_teaches(save_teacher, prefix,
                                                    kind):
    earlier = dict(
        type=kind,
        teacher=dict(config='gone.py', checkpoint='gone.pth'),
        student=dict(config=estimator(8)))
    path, expected = distillation_of(save_teacher, prefix)
    model = MODELS.build(
        dict(
            type='CrossModalDistiller',
            teacher=dict(config=earlier, checkpoint=path),
            teacher_input='thermal',
            student=dict(config=estimator(8)),
            data_preprocessor=PAIR))
    assert teaches_as(model, expected)


def test_two_students_that_could_be_meant_want_a_prefix(save_teacher):
    path, expected = distillation_of(save_teacher, 'ema.')
    config = dict(
        type='CrossModalDistiller',
        teacher=dict(config=estimator(8), checkpoint=path),
        teacher_input='thermal',
        student=dict(config=estimator(8)),
        data_preprocessor=PAIR)
    with pytest.raises(ValueError, match='2 networks.*teacher., ema.*prefix'):
        MODELS.build(copy.deepcopy(config))
    config['teacher']['prefix'] = 'ema.'
    assert teaches_as(MODELS.build(config), expected)


# ------------------------------------------------- samples without a partner
def without_partner(batch, *indices):
    batch = copy.deepcopy(batch)
    for index in indices:
        batch['data_samples'][index].set_metainfo(
            dict(missing_modalities=('rgb', )))
        batch['inputs']['rgb'][index] = 0
    return batch


ALL = dict(
    loss_dikd=dict(type='DIKDLoss', forward_target=.5, reverse_target=.5),
    loss_fd=dict(type='FeatureDistillLoss'),
    loss_ld=dict(type='LogitDistillLoss'))


def test_sample_without_partner_contributes_the_task_loss_alone(
        build_distiller, batch):
    model = build_distiller(distill_losses=ALL).eval()  # BatchNorm apart
    losses = model(**without_partner(batch, 1), mode='loss')
    whole = model(**batch, mode='loss')
    pair = model(
        dict((k, v[:1]) for k, v in batch['inputs'].items()),
        batch['data_samples'][:1],
        mode='loss')
    torch.testing.assert_close(losses['loss_kpt'], whole['loss_kpt'])
    for name in ALL:
        # A mean over the batch, of which one half counts.
        torch.testing.assert_close(losses[name], pair[name] / 2)


@pytest.mark.parametrize('head', [simcc, rtmcc, estimator])
@pytest.mark.parametrize('use_target_weight', [True, False])
def test_a_sample_without_partner_takes_its_own_share_and_no_more(
        save_teacher, head, use_target_weight):
    """Whether the task loss is a sum over the samples or their mean."""
    teacher, student = head(8, COLOUR), head(8)
    student['head']['loss']['use_target_weight'] = use_target_weight
    model = MODELS.build(
        dict(
            type='CrossModalDistiller',
            teacher=dict(config=teacher, checkpoint=save_teacher(teacher)),
            student=dict(config=student),
            distill_losses=ALL,
            data_preprocessor=PAIR)).eval()
    twice = batch_for(student)  # one pair two times
    twice['inputs'] = {
        name: images[:1].repeat(2, 1, 1, 1)
        for name, images in twice['inputs'].items()
    }
    twice['data_samples'] = [
        copy.deepcopy(twice['data_samples'][0]) for _ in range(2)]
    both = model(**twice, mode='loss')
    one = model(**without_partner(twice, 1), mode='loss')
    torch.testing.assert_close(one['loss_kpt'], both['loss_kpt'])
    for name in ALL:
        assert both[name] > 0
        torch.testing.assert_close(one[name], both[name] / 2)


def test_what_stands_for_the_partner_does_not_matter(build_distiller, batch):
    model = build_distiller(distill_losses=ALL)
    black = without_partner(batch, 0)
    noise = copy.deepcopy(black)
    noise['inputs']['rgb'][0].normal_()
    first, second = (gradients(model, b) for b in (black, noise))
    for name in first:
        torch.testing.assert_close(first[name], second[name])


def test_batch_without_any_pair_trains_on_the_task_alone(
        build_distiller, batch):
    """Every weight has a gradient all the same, as DDP expects."""
    model = build_distiller(student_width=8, distill_losses=ALL)
    unpaired = without_partner(batch, 0, 1)
    found = gradients(model, unpaired)
    losses = model(**unpaired, mode='loss')
    assert all(losses[name] == 0 for name in ALL)
    assert not any(found[name].any() for name in found
                   if name.startswith('distill_losses'))
    model.zero_grad()
    model(**unpaired, mode='loss')['loss_kpt'].backward()
    for name, parameter in model.student.named_parameters():
        torch.testing.assert_close(found[f'student.{name}'], parameter.grad)


# ------------------------------------------------------ how a teacher computes
def with_statistics(model):
    """As after training: BatchNorm that does something."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, .3, generator=generator)
            module.running_var.uniform_(.5, 2, generator=generator)
    return model.eval()


def features(model):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(2, 3, 64, 64, generator=generator)
    with torch.no_grad():
        return model.extract_feat(images)[-1]


def test_batch_norm_is_folded():
    network = with_statistics(MODELS.build(estimator(8)))
    folded = fold_batch_norm(network, (64, 64))
    assert torch.allclose(features(folded), features(network), atol=1e-4)
    assert not any(isinstance(m, torch.nn.BatchNorm2d)
                   for m in folded.backbone.modules())
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())


def test_what_folding_would_change_is_left_as_it_is():
    """Parts that do not compute in the order of their names."""
    network = MODELS.build(estimator(8))

    class OutOfOrder(torch.nn.Module):
        """MMCV would fold the normalisation into the convolution."""

        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(64, 64, 1)
            self.norm = torch.nn.BatchNorm2d(64)

        def forward(self, feature):
            return self.conv(self.norm(feature))

    network.backbone.layer4.add_module('2', OutOfOrder())
    with_statistics(network)
    assert fold_batch_norm(network, (64, 64)) is network


def test_teachers_compute_in_a_type_of_their_own(build_distiller,
                                                 save_teacher, batch):
    teacher = dict(config=estimator(16, COLOUR))
    teacher['checkpoint'] = save_teacher(teacher['config'], 'mine.pth')
    plain = build_distiller(teacher=teacher)
    other = build_distiller(teacher=dict(teacher, dtype='bfloat16'))
    images = batch['inputs']['rgb']
    expected, found = (model.teachers['teacher'].feature(images)
                       for model in (plain, other))
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() <= .03 * expected.abs().max()
    # Gradient flows through the head as before.
    other(**batch, mode='loss')['loss_dikd'].backward()
    gradient = next(other.student.backbone.parameters()).grad
    assert gradient is not None and gradient.abs().sum() > 0


def test_the_memory_format_changes_neither_gradients_nor_checkpoints(
        build_distiller, save_teacher, batch, tmp_path):
    teacher = dict(config=estimator(16, COLOUR))
    teacher['checkpoint'] = save_teacher(teacher['config'], 'mine.pth')
    plain = build_distiller(teacher=teacher, channels_last=False)
    other = build_distiller(teacher=teacher)
    torch.save(plain.state_dict(), tmp_path / 'state.pth')
    other.load_state_dict(torch.load(tmp_path / 'state.pth'))
    for network in (other.student, other.teacher):
        assert network.backbone.conv1.weight.is_contiguous(
            memory_format=torch.channels_last)
    expected, found = gradients(plain, batch), gradients(other, batch)
    assert expected.keys() == found.keys()
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, atol=1e-5), name


def test_of_several_matching_checkpoints_none_is_chosen(build_distiller,
                                                        save_teacher):
    teacher = dict(config=estimator(16, COLOUR))
    for name in ('mine_1.pth', 'mine_2.pth'):
        path = save_teacher(teacher['config'], name)
    teacher['checkpoint'] = path.replace('_2', '_*')
    with pytest.raises(ValueError, match='teacher.checkpoint: 2 files match'):
        build_distiller(teacher=teacher)


def test_unknown_types_are_named(build_distiller, save_teacher):
    teacher = dict(config=estimator(16, COLOUR), dtype='int8')
    teacher['checkpoint'] = save_teacher(teacher['config'], 'mine.pth')
    with pytest.raises(ValueError, match="dtype: 'int8'.*bfloat16"):
        build_distiller(teacher=teacher)


def test_channels_last_is_left_where_it_would_crash(build_distiller, batch):
    """A strided 1x1 convolution of 8 channels: oneDNN#6035."""
    narrow, wide = build_distiller(8), build_distiller(16)
    assert not supports_channels_last(narrow.student)
    assert supports_channels_last(wide.student)
    for model, expected in ((narrow, False), (wide, True)):
        weight = model.student.backbone.layer2[0].conv2.weight
        assert expected == weight.is_contiguous(
            memory_format=torch.channels_last)


@pytest.mark.parametrize('channels', [16, 24])
def test_no_crash_from_the_channels_that_are_let_through(channels):
    """In a process of its own, in case it does, and with two threads."""
    code = f'''
import torch
torch.set_num_threads(2)
conv = torch.nn.Conv2d({channels}, 48, 1, 2).to(memory_format=torch.channels_last)
for size in (12, 16, 24, 48, 64):
    images = torch.rand(3, {channels}, size, size)
    for _ in range(10):
        conv(images.to(memory_format=torch.channels_last)).mean().backward()
'''
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0
