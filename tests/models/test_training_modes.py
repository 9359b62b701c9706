"""Mixed precision, accumulation, compilation, checkpointing, processes."""
import copy
from types import SimpleNamespace

import pytest
import torch
import torch.multiprocessing as multiprocessing
from conftest import COLOUR, estimator, gradients
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import EpochBasedTrainLoop
from mmengine.runner.activation_checkpointing import \
    turn_on_activation_checkpointing
from mmengine.utils import digit_version

from mmpose_thermal.engine import EpochSeedHook

ALL = dict(
    loss_dikd=dict(type='DIKDLoss', forward_target=.5, reverse_target=.5),
    loss_fd=dict(type='FeatureDistillLoss', form='cwd'),
    loss_ld=dict(type='LogitDistillLoss', form='kl', temperature=.1))


def assert_same(found, expected, **tolerance):
    assert found.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(
            found[name], expected[name], msg=name, **tolerance)


#: Trainings on labels, and with a sample that has none.
UNLABELLED = pytest.mark.parametrize(
    'unlabelled', [None, dict(threshold=0.)], ids=['labelled', 'unlabelled'])


def with_bare_sample(batch, unlabelled):
    """Takes the labels of the second sample away."""
    if unlabelled is not None:
        batch['data_samples'][1].gt_instance_labels.keypoint_weights.zero_()
        batch['data_samples'][1].gt_fields.heatmaps.zero_()
    return batch


def halves(batch):
    return [
        dict(
            inputs={k: v[i:i + 1] for k, v in batch['inputs'].items()},
            data_samples=batch['data_samples'][i:i + 1]) for i in range(2)
    ]


# ----------------------------------------------------------- mixed precision
@UNLABELLED
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_mixed_precision_trains_alike(build_distiller, batch, dtype, unlabelled):
    with_bare_sample(batch, unlabelled)
    if dtype == torch.float16 and digit_version(
            torch.__version__) < digit_version('2.6'):
        pytest.skip('this PyTorch has no half precision on CPU')
    model = build_distiller(
        student_width=8, distill_losses=ALL, unlabelled=unlabelled)
    # Values of a size that trained networks have: float16 ends at 65504.
    for module in (model.student, model.teacher):
        module.head.final_layer.weight.data.div_(50)
        module.head.final_layer.bias.data.div_(50)
    expected = model(**batch, mode='loss')
    with torch.autocast('cpu', dtype=dtype):
        losses = model(**batch, mode='loss')
        total, _ = model.parse_losses(losses)
    for name in expected:
        torch.testing.assert_close(
            losses[name].float(), expected[name], rtol=.1, atol=1e-4,
            msg=name)
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.dtype == torch.float32
        assert torch.isfinite(parameter.grad).all(), name


# --------------------------------------------------------------- accumulation
@UNLABELLED
def test_two_accumulated_halves_equal_one_batch(build_distiller, batch,
                                                unlabelled):
    with_bare_sample(batch, unlabelled)

    def train(counts, batches):
        model = copy.deepcopy(start)
        optimizer = build_optim_wrapper(
            model,
            dict(
                optimizer=dict(type='SGD', lr=.1),
                accumulative_counts=counts))
        optimizer.initialize_count_status(model, 0, len(batches))
        for part in batches:
            with optimizer.optim_context(model):
                loss, _ = model.parse_losses(model(**part, mode='loss'))
            optimizer.update_params(loss)
        return model.state_dict()

    start = build_distiller(
        student_width=8, distill_losses=ALL, unlabelled=unlabelled)
    start.eval()  # BatchNorm would see half of the batch
    assert_same(train(2, halves(batch)), train(1, [batch]))


# ---------------------------------------------------------------- compilation
def test_compiled_student_has_the_same_gradients(build_distiller, batch):
    plain = build_distiller(student_width=8, distill_losses=ALL)
    compiled = build_distiller(
        distill_losses=ALL,
        student=dict(
            config=estimator(8), compile=dict(backend='aot_eager')))
    compiled.load_state_dict(plain.state_dict())  # same names
    compiled.teacher.load_state_dict(plain.teacher.state_dict())
    assert compiled.student.backbone._compiled_call_impl is not None
    assert_same(gradients(compiled, batch), gradients(plain, batch))


def test_compiled_teacher_teaches_the_same(build_distiller, batch,
                                           save_teacher):
    teacher = estimator(16, COLOUR)
    plain = build_distiller(distill_losses=ALL)
    compiled = build_distiller(
        distill_losses=ALL,
        teacher=dict(
            config=teacher,
            checkpoint=save_teacher(teacher),
            compile=dict(backend='aot_eager')))
    compiled.load_state_dict(plain.state_dict())
    compiled.teacher.load_state_dict(plain.teacher.state_dict())
    assert_same(gradients(compiled, batch), gradients(plain, batch))


# --------------------------------------------------- activation checkpointing
@pytest.mark.parametrize('how', ['backbone', 'mmengine'])
def test_activation_checkpointing_keeps_the_gradients(build_distiller, batch,
                                                      how):
    plain = build_distiller(student_width=8)
    student = estimator(8)
    student['backbone']['with_cp'] = how == 'backbone'
    saving = build_distiller(student=dict(config=student))
    saving.load_state_dict(plain.state_dict())
    saving.teacher.load_state_dict(plain.teacher.state_dict())
    if how == 'mmengine':
        turn_on_activation_checkpointing(
            saving, ['student.backbone.layer2', 'student.backbone.layer3'])
    assert_same(gradients(saving, batch), gradients(plain, batch))


# -------------------------------------------------------------- device copies
@UNLABELLED
def test_no_value_is_needed_on_the_host(build_distiller, batch, unlabelled):
    """On the meta device there are shapes, but no values to copy."""
    model = build_distiller(
        student_width=8, distill_losses=ALL, unlabelled=unlabelled).to('meta')
    batch['inputs'] = {k: v.to('meta') for k, v in batch['inputs'].items()}
    for sample in batch['data_samples']:
        sample.gt_fields = sample.gt_fields.to('meta')
        sample.gt_instance_labels = sample.gt_instance_labels.to('meta')
    batch['data_samples'][0].set_metainfo(
        dict(missing_modalities=('rgb', )))
    losses = model(**batch, mode='loss')
    logged = () if unlabelled is None else (
        'unlabelled_share', 'confident_share', 'teacher_confidence')
    assert set(losses) == {'loss_kpt', *ALL, 'distill_decay', *logged}
    assert all(losses[name].is_meta for name in ('loss_kpt', *ALL))
    model.parse_losses({
        name: loss
        for name, loss in losses.items() if 'loss' in name
    })[0].backward()
    # MMPose's own step, with its accuracy, does need them.
    with pytest.raises((NotImplementedError, RuntimeError)):
        model.student.loss(batch['inputs']['thermal'], batch['data_samples'])


# ------------------------------------------------------------------ processes
def _worker(rank, store, path, model, batch, unpaired):
    torch.set_num_threads(1)
    # What spawn passes is in memory that the processes share.
    model = copy.deepcopy(model)
    init_default_scope('mmpose')
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{store}', rank=rank, world_size=2)
    own = halves(batch)[rank]
    parallel = MMDistributedDataParallel(model, find_unused_parameters=False)
    loss, _ = model.parse_losses(parallel(**own, mode='loss'))
    loss.backward()
    found = {name: p.grad.clone() for name, p in model.named_parameters()}
    # Steps of training: DDP would complain of a weight without gradient,
    # also where one process has no pair at all.
    model.train()
    optimizer = build_optim_wrapper(
        parallel, dict(optimizer=dict(type='SGD', lr=.01)))
    for part in (own, halves(unpaired)[rank], own):
        loss, _ = model.parse_losses(parallel(**part, mode='loss'))
        optimizer.update_params(loss)
    runner = SimpleNamespace(
        train_loop=EpochBasedTrainLoop.__new__(EpochBasedTrainLoop), seed=0,
        epoch=1, train_dataloader=SimpleNamespace(
            dataset=None, sampler=None))
    EpochSeedHook().before_train_epoch(runner)
    torch.save(
        dict(
            drawn=torch.rand(1).item(),
            gradients=found,
            weights={n: p.detach() for n, p in model.named_parameters()}),
        f'{path}.{rank}')


@UNLABELLED
def test_two_processes_have_the_gradients_of_one(build_distiller, batch,
                                                 tmp_path, unlabelled):
    with_bare_sample(batch, unlabelled)
    model = build_distiller(
        student_width=8, distill_losses=ALL, unlabelled=unlabelled)
    model.eval()  # BatchNorm would see half of the batch each
    unpaired = copy.deepcopy(batch)
    unpaired['data_samples'][1].set_metainfo(
        dict(missing_modalities=('rgb', )))
    multiprocessing.spawn(
        _worker, (str(tmp_path / 'store'), str(tmp_path / 'result'),
                  copy.deepcopy(model), batch, unpaired),
        nprocs=2)
    results = [
        torch.load(tmp_path / f'result.{rank}', weights_only=False)
        for rank in range(2)
    ]
    expected = gradients(model, batch)
    for result in results:
        assert_same(result['gradients'], expected)
    assert_same(results[0]['weights'], results[1]['weights'])
    # Each process draws its own augmentation.
    assert results[0]['drawn'] != results[1]['drawn']
