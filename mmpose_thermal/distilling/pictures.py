"""Draws what a report shows."""
import json
from typing import Dict, List

import cv2
import numpy as np

from mmpose_thermal.datasets.datasets.thermal_face_dataset import image_fields
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage
from mmpose_thermal.evaluation import FaceErrors
from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.visualization import (contact_sheet, draw_landmarks,
                                          plot_training, save_figure,
                                          training_log)
from mmpose_thermal.visualization.contact_sheet import PREDICTED, TRUTH

_FACES, _SIDE_PX, _MARGIN = 6, 220, 1.35


def draw_examples(path: str, models: Dict[str, FaceErrors],
                  ann_file: str) -> str:
    """Draws what several models find on the same faces, evenly spaced in the set.

    Args:
        path (str): Picture to write.
        models (dict[str, FaceErrors]): Errors of each model by its title.
        ann_file (str): The annotation file that they were measured on.

    Returns:
        str: The path.
    """
    with open(ann_file) as file:
        fields = {image['file_name']: image_fields(image)
                  for image in json.load(file)['images']}
    first = next(iter(models.values()))
    chosen = np.unique(np.linspace(0, len(first) - 1, _FACES).astype(int))
    rows: List[List[np.ndarray]] = []
    for faces in models.values():
        rows.append([_face(faces, index, fields) for index in chosen])
    write_picture(path, contact_sheet(rows, list(models)))
    return path


def _face(faces, index, fields):
    """One face with its labels in blue and a model's points in orange."""
    path = faces.images[index]
    about = next(value for name, value in fields.items() if path.endswith(name))
    image = LoadThermalImage()(dict(about, img_path=path))['img']
    low, high = faces.boxes[index].reshape(2, 2)
    zoom = _SIDE_PX / (_MARGIN * (high - low).max())
    shift = _SIDE_PX / 2 - zoom * (low + high) / 2
    image = cv2.warpAffine(image, np.column_stack([zoom * np.eye(2), shift]),
                           (_SIDE_PX, ) * 2, flags=cv2.INTER_CUBIC)
    seen = faces.labelled[index]
    image = draw_landmarks(image, faces.truth[index][seen] * zoom + shift, TRUTH)
    return draw_landmarks(
        image, np.clip(faces.predicted[index] * zoom + shift, -1e4, 1e4), PREDICTED)


def plot_trainings(path: str, folders: Dict[str, str]) -> str:
    """Plots the losses of trainings; returns the path of the picture.

    Args:
        path (str): Picture to write, ``NAME.png``.
        folders (dict[str, str]): Work directories by title.
    """
    return save_figure(plot_training(
        {title: training_log(folder) for title, folder in folders.items()}), path)[0]
