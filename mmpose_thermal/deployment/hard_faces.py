"""Calibrates exported models on rendered faces that are made harder."""
import numpy as np
from mmpose.registry import DATASETS

from mmpose_thermal.runtime.networks import ModelInfo, OnnxNetwork

from .calibration import fit_calibration

# Rendered faces are easier than real ones: what a camera does to them makes
# the shares of right and wrong points alike.
_HARDER = [
    dict(type='RandomBBoxTransform', shift_factor=.12, shift_prob=.6,
         scale_factor=(.75, 1.3), rotate_factor=40),
    dict(type='TopdownAffine'),
    dict(type='PhotometricDistortion', contrast_range=(.5, 1.5),
         saturation_range=(1, 1), hue_delta=1),
    dict(type='ContrastReversal', prob=.08),
    dict(type='OpticalBlur', prob=.25),
    dict(type='LowerResolution', prob=.2),
    dict(type='NETDNoise', prob=.2),
    dict(type='PartialOcclusion', prob=.15),
    dict(type='PackPoseInputs', pack_transformed=True),
]
_EYES = ('right_eye_outer', 'left_eye_outer')


def calibration_of(model_file: str, info: ModelInfo, dataset: dict,
                   rounds: int) -> dict:
    """Fits the calibration on degraded faces of a data set.

    Args:
        model_file (str): Exported landmark model.
        info (ModelInfo): Its description.
        dataset (dict): Config of the data set.
        rounds (int): Times that each face is degraded.

    Returns:
        dict: See :func:`fit_calibration`.
    """
    pipeline = [dict(type='LoadThermalImage', **info.gain),
                dict(type='GetBBoxCenterScale', padding=info.padding),
                *_HARDER]
    pipeline[3] = dict(type='TopdownAffine', input_size=info.input_size,
                       use_udp=info.use_udp)
    faces = DATASETS.build(dict(dataset, pipeline=pipeline, test_mode=False))
    network = OnnxNetwork(model_file, 'landmarks')
    eyes = [info.keypoints.index(name) for name in _EYES]
    found = []
    np.random.seed(0)
    for index in range(rounds * len(faces)):
        sample = faces[index % len(faces)]
        truth = sample['data_samples'].gt_instances
        points, peaks, spreads = (output[0] for output in network(
            sample['inputs'].numpy()[None, :1]))
        labels = truth.transformed_keypoints[0]
        error = np.linalg.norm(points - labels, axis=1)
        eye_px = np.linalg.norm(np.subtract(*labels[eyes]))
        found.append(np.stack([peaks, spreads, error, error / eye_px],
                              1)[truth.keypoints_visible[0] > 0])
    return fit_calibration(*np.concatenate(found).T)
