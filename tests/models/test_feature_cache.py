"""Features of the teacher that are kept are those it would compute."""
import copy

import pytest
import torch
from conftest import COLOUR, estimator, gradients, new_runner
from mmengine.logging import MessageHub

from mmpose_thermal.models.distillers.feature_cache import weights_mark
from mmpose_thermal.runtime import kept_values

pytest.importorskip('lmdb')


@pytest.fixture
def distiller(build_distiller, save_teacher, tmp_path):

    def build(cache='features.lmdb', **fields):
        teacher = estimator(16, COLOUR)
        torch.manual_seed(3)
        model = build_distiller(
            teacher=dict(
                config=teacher,
                checkpoint=save_teacher(teacher, 'kept.pth'),
                cache=cache and str(tmp_path / cache),
                **fields))
        model.seen = []
        extract = model.teachers['teacher']._extract
        model.teachers['teacher']._extract = lambda images: (
            model.seen.append(len(images)), extract(images))[1]
        return model

    return build


def same_gradients(one, other, batch):
    found, expected = gradients(one, batch), gradients(other, batch)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, msg=name)


@pytest.mark.parametrize('fields', [{}, dict(dtype='bfloat16')])
def test_steps_are_those_without_the_cache(distiller, batch, fields):
    kept, plain = distiller(**fields), distiller(None, **fields)
    for _ in range(3):
        same_gradients(kept, plain, batch)
    assert kept.seen == [2] and plain.seen == [2, 2, 2]


def test_a_new_image_among_known_ones_is_computed(distiller, batch):
    kept, plain = distiller(), distiller(None)
    kept(**batch, mode='loss')
    batch['inputs']['rgb'][1] += .01
    same_gradients(kept, plain, batch)
    assert kept.seen == [2, 1]


def test_a_later_run_finds_them(distiller, batch):
    distiller()(**batch, mode='loss')
    later = distiller()
    same_gradients(later, distiller(None), batch)
    assert later.seen == []


def test_another_precision_has_its_own(distiller, batch):
    distiller()(**batch, mode='loss')
    other = distiller(dtype='bfloat16')
    other(**batch, mode='loss')
    assert other.seen == [2]


def test_other_weights_are_another_teacher(distiller):
    network = distiller(None).teacher
    before = weights_mark(network)
    assert before == weights_mark(copy.deepcopy(network))
    with torch.no_grad():
        next(network.parameters())[0, 0, 0, 0] += 1e-3
    assert weights_mark(network) != before


def test_mixed_precision_has_its_own(distiller, batch):
    model = distiller()
    model(**batch, mode='loss')
    with torch.autocast('cpu', torch.bfloat16):
        model(**batch, mode='loss')
        model(**batch, mode='loss')
    assert model.seen == [2, 2]


def test_a_full_file_does_not_end_the_training(distiller, batch, monkeypatch):
    monkeypatch.setattr(kept_values, '_MAP_SIZE', 40960)
    model = distiller('small.lmdb')
    batch['inputs'] = {
        name: images.repeat(20, 1, 1, 1) + torch.arange(40.)[:, None, None,
                                                             None]
        for name, images in batch['inputs'].items()
    }
    batch['data_samples'] *= 20
    with pytest.warns(UserWarning, match='small.lmdb takes nothing more'):
        same_gradients(model, distiller(None), batch)


def test_images_that_never_come_again_are_an_error(run_config, tmp_path):
    run_config.model.teacher.cache = str(tmp_path / 'features.lmdb')
    run_config.train_cfg.max_epochs = 4
    with pytest.raises(ValueError, match='teacher.cache: no image .* came '
                       'again in two epochs'):
        new_runner(run_config).train()
    assert MessageHub.get_current_instance().get_info('epoch') == 2


def test_a_run_without_random_geometry(run_config, tmp_path):
    """All features are computed in the first epoch; weights are the same."""
    steps = run_config.train_dataloader.dataset.pipeline
    steps[:] = [s for s in steps if 'Random' not in s['type']]
    weights = []
    for cache in (None, str(tmp_path / 'features.lmdb')):
        run_config.model.teacher.cache = cache
        runner = new_runner(run_config, tmp_path / str(bool(cache)))
        runner.train()
        weights.append(runner.model.student.state_dict())
    assert runner.model.teachers['teacher']._cache.hits == 6
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, msg=name)
