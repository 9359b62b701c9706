"""What is trained for which pairs, and with which settings."""
import pytest
import torch
from conftest import COLOUR, REPOSITORY
from mmengine.config import Config
from mmpose.registry import DATA_SAMPLERS, DATASETS, MODELS

from mmpose_thermal.distilling.data import render
from mmpose_thermal.distilling.training import (Data, build_config, plan,
                                                trainings, why_not_distilled)


@pytest.fixture
def data(pairs_root, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    faces = render(8, str(tmp_path / 'rendered'))
    annotations = pairs_root / 'annotations'
    return Data(str(pairs_root), str(annotations / 'train.json'),
                str(annotations / 'val.json'), 6, faces['root'], faces['train'], 8,
                'abc')


@pytest.mark.parametrize('levels, labelled, teacher, trained', [
    ('auto', 199, None, ['td-hm_res18-w16-pretrained']),
    ('auto', 200, None, ['td-hm_res18-w32', 'mcl-dikd_res18-w16-pretrained']),
    ('both', 10, ('a.py', 'a.pth'),
     ['ktl-dikd_res18-w32', 'mcl-dikd_res18-w16-pretrained']),
    ('direct', 5000, ('a.py', 'a.pth'), ['td-hm_res18-w16-pretrained'])])
def test_few_labels_train_the_light_network_directly(levels, labelled, teacher,
                                                     trained, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    paths = plan(levels, labelled, teacher)
    assert [path.split('/')[-1].split('_1xb')[0] for path in paths.values()] == trained
    assert list(paths)[-1] == 'light'


@pytest.mark.parametrize('levels, network', [
    ('direct', 'light'), ('both', 'large'), ('both', 'light')])
def test_batches_mix_own_and_rendered_faces(data, levels, network):
    config = build_config(plan(levels, 6, None)[network], data)
    loader = config.train_dataloader
    faces = DATASETS.build(loader.dataset)
    assert faces.lens == [6, 8]
    sampler = dict(loader.sampler, dataset=faces, batch_size=4, seed=0)
    chosen = list(DATA_SAMPLERS.build(sampler))[:4]
    assert [index >= 6 for index in chosen] == [False, False, True, True]
    held_out = DATASETS.build(config.test_dataloader.dataset)
    assert held_out.ann_file == data.held_out and len(held_out) == 3
    # The light network starts from the shipped weights.
    started = config.get('load_from') or config.model.get('student', {}).get(
        'checkpoint', '')
    assert started.endswith('landmarks_s4.pth') == (network == 'light')


def test_a_small_folder_is_repeated_with_other_augmentation(data):
    data.faces, data.rendered = 6, 60
    config = build_config(plan('direct', 6, None)['light'], data)
    faces = DATASETS.build(config.train_dataloader.dataset)
    assert faces.lens == [60, 8]
    for part in faces.datasets:  # as EpochSeedHook does
        if hasattr(part, 'set_epoch_seed'):
            part.set_epoch_seed(1)
    first, again = faces[0]['inputs'], faces[6]['inputs']
    assert not torch.equal(first, again)


def test_the_schedule_ends_with_the_epochs(data):
    config = build_config(plan('direct', 6, None)['light'], data, epochs=3)
    decay = config.param_scheduler[1]
    assert config.train_cfg.max_epochs == decay.end == decay.T_max == 3


def test_mcl_learns_from_own_faces_without_their_labels(data):
    config = build_config(plan('both', 6, None)['light'], data)
    own, rendered = config.train_dataloader.dataset.datasets
    assert own.unlabelled == 'all'
    assert 'unlabelled' not in rendered


def rgb_teacher(num_keypoints=68):
    """A config whose outputs match the large network's, if it has 68 points."""
    large = Config.fromfile(
        'configs/thermal_face_2d_keypoint/topdown_heatmap/synthetic/'
        'td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py').model.to_dict()
    large['data_preprocessor'].update(COLOUR)
    large['head']['out_channels'] = num_keypoints
    return large


def test_ktl_gives_the_teacher_its_own_normalisation(data, tmp_path, save_teacher):
    network = rgb_teacher()
    path = str(tmp_path / 'teacher.py')
    Config(dict(model=network)).dump(path)
    teacher = path, save_teacher(network)
    config = build_config(plan('both', 6, teacher)['large'], data, teacher=teacher)
    assert config.model.data_preprocessor.rgb.std == COLOUR['std']
    model = MODELS.build(config.model)
    assert model.teachers['teacher'].modality == 'rgb'
    assert why_not_distilled(config) is None
    # Rendered faces have labels and no RGB image.
    own, rendered = config.train_dataloader.dataset.datasets
    assert own.with_rgb and not rendered.require_rgb


def test_a_teacher_of_other_outputs_is_not_distilled(data, tmp_path, save_teacher):
    network = rgb_teacher(num_keypoints=98)
    path = str(tmp_path / 'teacher.py')
    Config(dict(model=network)).dump(path)
    teacher = path, save_teacher(network)
    config = build_config(plan('both', 6, teacher)['large'], data, teacher=teacher)
    assert 'teacher' in why_not_distilled(config)


def test_the_large_network_teaches_the_light_one(data, tmp_path):
    for name, path in plan('both', 6, None).items():
        build_config(path, data).dump(str(tmp_path / f'{name}.py'))
    trials = trainings(['large', 'light'], str(tmp_path))
    assert trials['light'].needed['teacher'] is trials['large']
    assert trials['light'].config().model.teacher.checkpoint.startswith(
        trials['large'].folder)
