import pytest
import torch
from conftest import COLOUR, GREY
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample


def build(**modalities):
    return MODELS.build(dict(type='PairDataPreprocessor', **modalities))


@pytest.fixture
def pair_batch():

    def make():
        return torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)

    return dict(
        inputs=dict(thermal=[make(), make()], rgb=[make(), make()]),
        data_samples=[PoseDataSample(), PoseDataSample()])


def test_each_modality_is_normalised_by_its_own_statistics(pair_batch):
    result = build(thermal=GREY, rgb=COLOUR)(pair_batch, True)['inputs']
    thermal = torch.stack(pair_batch['inputs']['thermal']).float()
    torch.testing.assert_close(result['thermal'], (thermal - 128) / 64)
    rgb = torch.stack(pair_batch['inputs']['rgb']).flip(1).float()
    mean, std = (torch.tensor(COLOUR[key]).view(1, 3, 1, 1)
                 for key in ('mean', 'std'))
    torch.testing.assert_close(result['rgb'], (rgb - mean) / std)


def test_plain_list_is_the_first_modality(pair_batch):
    thermal = pair_batch['inputs']['thermal']
    result = build(
        thermal=GREY, rgb=COLOUR)(dict(pair_batch, inputs=thermal), False)
    torch.testing.assert_close(result['inputs'],
                               (torch.stack(thermal).float() - 128) / 64)


def test_thermal_alone_is_enough(pair_batch):
    del pair_batch['inputs']['rgb']
    result = build(thermal=GREY, rgb=COLOUR)(pair_batch, False)
    assert set(result['inputs']) == {'thermal'}


def test_modality_without_statistics_is_named(pair_batch):
    with pytest.raises(KeyError, match="statistics for \\['rgb'\\]"):
        build(thermal=GREY)(pair_batch, True)


def test_augmentation_of_one_modality_is_refused():
    with pytest.raises(ValueError, match='batch_augments'):
        build(thermal=dict(GREY, batch_augments=[]))
