from typing import Optional, Sequence, Union

import torch
import torch.nn as nn
from torch import Tensor

from mmpose_thermal.datasets.point_sets import keypoint_indices

from .branch import (Probe, build_branch, compile_branch, fold_batch_norm,
                     load_branch, probe)
from .resampling import resample
from .heads import (HeadOnFeature, check_agreement, keep_keypoints,
                    softmax_beta)


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
        compile (bool | dict): See :func:`compile_branch`. With
            ``dict(mode='reduce-overhead')`` its backbone is a CUDA graph.
        memory_format (torch.memory_format): Of weights and features.
        dtype (str, optional): Type of PyTorch in which backbone and neck
            compute, such as ``'bfloat16'``. The head, which gradient flows
            through, is left to the training's precision.

    BatchNorm is folded into the convolutions.

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
                 compile: Union[bool, dict] = False,
                 memory_format: torch.memory_format = torch.contiguous_format,
                 dtype: Optional[str] = None) -> None:
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
        shapes = probe(self.network, name, student_probe.image_size)
        self.network = fold_batch_norm(self.network.eval(), shapes.image_size)
        self.requires_grad_(False)
        self.image_size = shapes.image_size
        self.feature_shape = shapes.feature_shape
        wanted = student_probe.output
        self.head = HeadOnFeature(
            self.network.head, selected,
            heatmap_size=None if isinstance(shapes.output, tuple) or
            isinstance(wanted, tuple) else tuple(wanted.shape[-2:]),
            score_scale=softmax_beta(self.network.head) /
            softmax_beta(student.head))
        self.eval()
        check_agreement(self.network.head, self.head.adapt(shapes.output),
                        student.head, wanted)
        self.network.to(memory_format=memory_format)
        self._dtype = None if dtype is None else _floating(name, dtype)
        for part in ('backbone', 'neck'):
            if hasattr(self.network, part):
                getattr(self.network, part).to(self._dtype)
        compile_branch(self.network, compile)

    def feature(self, images: Tensor) -> Tensor:
        """What the head reads.

        Args:
            images (Tensor): Normalised crops, (B, C, H, W), of any size.

        Returns:
            Tensor: Shape (B, C_t, h_t, w_t), without graph.
        """
        with torch.no_grad():
            images = resample(images, self.image_size)
            feature = self._extract(images)
            # In mixed precision the head brings it to its own type.
            mixed = torch.is_autocast_cpu_enabled() \
                if images.device.type == 'cpu' else torch.is_autocast_enabled()
            return feature if mixed else feature.to(images.dtype)

    def _extract(self, images: Tensor) -> Tensor:
        if self._dtype is None:
            return self.network.extract_feat(images)[-1]
        # The weights have their type already.
        with torch.autocast(images.device.type, enabled=False):
            return self.network.extract_feat(images.to(self._dtype))[-1]


def _floating(name: str, dtype: str) -> torch.dtype:
    found = getattr(torch, str(dtype), None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ValueError(f'{name}.dtype: {dtype!r} is no floating type of '
                         'PyTorch. Set it to "bfloat16" or "float16".')
    return found
