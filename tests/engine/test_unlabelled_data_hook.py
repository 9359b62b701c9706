"""Unlabelled faces need a model that can learn from them."""
import copy

import pytest
from conftest import new_runner


def run(config, work_dir, data, **model):
    config = copy.deepcopy(config)
    config.custom_hooks = [dict(type='UnlabelledDataHook')]
    config.model.update(model)
    config.train_dataloader.dataset.update(data)
    runner = new_runner(config, work_dir)
    runner.train()
    return runner


def test_a_distiller_that_was_not_told_refuses_unlabelled_faces(
        run_config, tmp_path):
    with pytest.raises(ValueError, match='train.json.*unlabelled=dict'):
        run(run_config, tmp_path / 'a', dict(unlabelled='all'))


def test_they_train_a_distiller_that_was_told(run_config, tmp_path):
    runner = run(run_config, tmp_path / 'b', dict(unlabelled='all'),
                 unlabelled=dict(threshold=0.))
    logged = {name: runner.message_hub.get_scalar(f'train/{name}').current()
              for name in ('loss_kpt', 'unlabelled_share', 'confident_share',
                           'teacher_confidence')}
    assert logged['loss_kpt'] == 0
    assert logged['unlabelled_share'] == logged['confident_share'] == 1
