"""Compares exported models with labels."""
import os.path as osp

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.datasets.datasets import ThermalFaceDataset
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage
from mmpose_thermal.evaluation import FaceErrors, errors_of_points


def errors_of(landmarker: ThermalLandmarker, ann_file: str,
              data_root: str) -> FaceErrors:
    """Runs a model on the labelled faces of an annotation file, in their boxes.

    Args:
        landmarker (ThermalLandmarker): The model.
        ann_file (str): The annotation file.
        data_root (str): Folder that its file names are relative to.
    """
    dataset = ThermalFaceDataset(
        data_root=data_root, ann_file=osp.abspath(ann_file), test_mode=True,
        pipeline=[])
    load = LoadThermalImage(channels=1, **landmarker.info.gain)
    faces = [dataset.get_data_info(index) for index in range(len(dataset))]
    return errors_of_points(dataset.metainfo, faces, [
        landmarker.landmarks(landmarker.prepare(load(dict(face))['img']),
                             face['bbox'], [1.])[0].keypoints for face in faces])
