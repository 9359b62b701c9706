"""Draws samples of a data set: original images, network inputs and targets."""
import copy
from typing import Iterator, Tuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from .contact_sheet import contact_sheet, draw_landmarks
from .pair_views import fit_into, overlay_heatmaps

_PANEL_PX = 256
_BOX_COLOUR = (0, 160, 255)


def sample_sheets(config: Config, split: str,
                  count: int) -> Iterator[Tuple[int, np.ndarray]]:
    """Draws samples evenly spread over a data set.

    Args:
        config (Config): A training config.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        count (int): Number of samples.

    Yields:
        tuple[int, np.ndarray]: A sample's index, and its panels side by side,
        (H, W, 3), uint8, BGR.

    Raises:
        FileNotFoundError: A file of the data set is missing.
        ValueError: The data set refuses its annotations or a sample.
    """
    init_default_scope(config.get('default_scope', 'mmpose'))
    dataset = _build_dataset(config, split)
    indices = np.linspace(0, len(dataset) - 1, count).round().astype(int)
    for index in np.unique(indices).tolist():
        try:
            panels = _original_panels(*_located(dataset, index)) + \
                _network_panels(dataset[index])
        except KeyError as error:  # a transform found a missing key
            raise ValueError(error.args[0]) from error
        yield index, contact_sheet(
            [[fit_into(panel, _PANEL_PX) for panel in panels]])


def _build_dataset(config, split):
    from mmpose.registry import DATASETS
    settings = copy.deepcopy(config[f'{split}_dataloader'].dataset)
    for part in (settings, *settings.get('datasets', ())):
        if part.get('pipeline') and 'Pack' in str(part.pipeline[-1]['type']):
            part.pipeline[-1]['pack_transformed'] = True
    return DATASETS.build(settings)


def _located(dataset, index):
    """The data set of a combination that a sample is of, and its index there."""
    while hasattr(dataset, 'datasets'):
        part, index = dataset._get_subset_index(index)
        dataset = dataset.datasets[part]
    return dataset, index


def _visible(keypoints_visible, count):
    """Mask of the first face's visible points, (K, )."""
    return np.asarray(keypoints_visible)[0].reshape(count, -1)[:, 0] > 0


def _as_colour(image):
    return image if image.ndim == 3 and image.shape[2] == 3 else cv2.cvtColor(
        image, cv2.COLOR_GRAY2BGR)


def _as_image(tensor):
    """Converts a packed image, (C, H, W), to OpenCV's layout."""
    return _as_colour(np.ascontiguousarray(tensor.numpy().transpose(1, 2, 0)))


def _original_panels(dataset, index):
    """Draws the loaded images, before any geometric transform."""
    sample = dataset.get_data_info(index)
    for transform in dataset.pipeline.transforms:
        if not type(transform).__name__.startswith('Load'):
            break
        sample = transform(sample)
    images = sample['img'] if isinstance(sample['img'],
                                         list) else [sample['img']]
    first, keypoints = _as_colour(images[0]), sample['keypoints'][0]
    scale = max(first.shape) / _PANEL_PX
    visible = _visible(sample['keypoints_visible'], len(keypoints))
    drawn = draw_landmarks(
        first, keypoints[visible], radius_px=max(1.8 * scale, 1))
    left, top, right, bottom = sample['bbox'][0].round().astype(int).tolist()
    cv2.rectangle(drawn, (left, top), (right, bottom), _BOX_COLOUR,
                  max(round(scale), 1))
    return [drawn, *images[1:]]


def _network_panels(packed):
    """Draws the crops that the network receives, and the targets."""
    inputs, labels = packed['inputs'], packed['data_samples']
    crops = [
        _as_image(tensor) for tensor in (
            inputs.values() if isinstance(inputs, dict) else [inputs])
    ]
    panels = list(crops)
    instances = labels.gt_instances
    if 'transformed_keypoints' in instances:
        points = np.asarray(instances.transformed_keypoints)[0]
        points = points[_visible(instances.keypoints_visible, len(points))]
        size = np.array(crops[0].shape[1::-1])
        panels = [
            draw_landmarks(crop, points * (np.array(crop.shape[1::-1]) / size),
                           radius_px=max(crop.shape) / 140) for crop in crops
        ]
    if 'gt_fields' in labels and 'heatmaps' in labels.gt_fields:
        heatmaps = labels.gt_fields.heatmaps.numpy()
        panels.append(overlay_heatmaps(crops[0], heatmaps))
    return panels
