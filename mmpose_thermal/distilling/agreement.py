"""Compares exported models with labels."""
import os.path as osp
from typing import List, Tuple

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.datasets.datasets import ThermalFaceDataset
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage
from mmpose_thermal.evaluation import FaceErrors, errors_of_points


def measurable(ann_file: str, data_root: str) -> Tuple[dict, List[dict], int]:
    """Reads the faces whose outer eye corners are labelled, which normalise errors.

    Args:
        ann_file (str): The annotation file.
        data_root (str): Folder that its file names are relative to.

    Returns:
        tuple: Metainfo, the faces' samples, and the number of other faces.

    Raises:
        FileNotFoundError: An image is missing.
        ValueError: The file does not fit, or there is no such face.
    """
    dataset = ThermalFaceDataset(
        data_root=data_root, ann_file=osp.abspath(ann_file), test_mode=True,
        pipeline=[])
    eyes = sum(dataset.metainfo['interocular'], [])
    faces = [dataset.get_data_info(index) for index in range(len(dataset))]
    found = [face for face in faces
             if (face['keypoints_visible'].reshape(-1)[eyes] > 0).all()]
    if not found:
        raise ValueError(f'{ann_file}: no face has labels of both outer eye corners, '
                         'so no error can be measured.')
    return dataset.metainfo, found, len(faces) - len(found)


def errors_of(landmarker: ThermalLandmarker, metainfo: dict,
              faces: List[dict]) -> FaceErrors:
    """Runs a model on the faces of :func:`measurable`, in their boxes."""
    load = LoadThermalImage(channels=1, **landmarker.info.gain)
    return errors_of_points(metainfo, faces, [
        landmarker.landmarks(landmarker.prepare(load(dict(face))['img']),
                             face['bbox'], [1.])[0].keypoints for face in faces])
