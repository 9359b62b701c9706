from typing import Optional, Sequence, Union

import torch
import torch.nn as nn
from torch import Tensor

from mmpose_thermal.datasets.point_sets import keypoint_indices

from .branch import Probe, build_branch, compile_branch, load_branch, probe
from .grid import resample
from .heads import HeadOnFeature, check_agreement, keep_keypoints


class Teacher(nn.Module):
    """A frozen network, with what it sees and how its head is used.

    Args:
        name (str): As in the config, for errors.
        student (nn.Module): The network that it teaches.
        student_probe (Probe): The shapes of that one.
        config (str | dict): A config file's path or a model dict. Of a
            distiller, its student is meant.
        checkpoint (str): The path of its weights.
        prefix (str, optional): Where they lie in the checkpoint, such as
            ``'ema.'``. By default it is found.
        input (str): The modality that it sees.
        keypoints (Sequence[int] | dict, optional): Which of its keypoints the
            student has, if not all: their indices, or the names of both data
            sets' point sets, such as ``dict(teacher='wflw',
            student='300w')``.
        compile (bool | dict): See :func:`compile_branch`.

    Raises:
        FileNotFoundError: The config or the checkpoint does not exist.
        TypeError: The network cannot be distilled.
        ValueError: The checkpoint does not fit, or its output is none that
            the student could have.
    """

    def __init__(self,
                 name: str,
                 student: nn.Module,
                 student_probe: Probe,
                 config: Union[str, dict],
                 checkpoint: Optional[str] = None,
                 prefix: Optional[str] = None,
                 input: str = 'rgb',
                 keypoints: Union[Sequence[int], dict, None] = None,
                 compile: Union[bool, dict] = False) -> None:
        super().__init__()
        if not checkpoint:
            raise ValueError(
                f'{name}.checkpoint is not set: an untrained teacher has '
                'nothing to teach. Pass its checkpoint: '
                f'--cfg-options model.{name}.checkpoint=PATH')
        self.modality = input
        self.network = build_branch(config, name)
        load_branch(self.network, checkpoint, name, prefix)
        selected = None
        if keypoints is not None:
            if isinstance(keypoints, dict):
                keypoints = keypoint_indices(**keypoints)
            selected = keep_keypoints(self.network.head, keypoints)
        self.requires_grad_(False)

        shapes = probe(self.network, student_probe.image_size)
        self.image_size = shapes.image_size
        self.feature_shape = shapes.feature_shape
        wanted = student_probe.output
        both_heatmaps = not isinstance(shapes.output, tuple) and \
            not isinstance(wanted, tuple)
        self.head = HeadOnFeature(
            self.network.head, selected,
            tuple(wanted.shape[-2:]) if both_heatmaps else None)
        self.eval()
        check_agreement(self.network.head, self.head.adapt(shapes.output),
                        student.head, wanted)
        compile_branch(self.network, compile)

    def train(self, mode: bool = True) -> 'Teacher':
        """Stays in eval mode."""
        return super().train(False)

    def feature(self, images: Tensor) -> Tensor:
        """What the head reads.

        Args:
            images (Tensor): Normalised crops, (B, C, H, W), of any size.

        Returns:
            Tensor: Shape (B, C_t, h_t, w_t), without graph.
        """
        with torch.no_grad():
            images = resample(images, self.image_size)
            return self.network.extract_feat(images)[-1]
