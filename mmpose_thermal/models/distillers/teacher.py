"""A frozen network that teaches."""
from collections.abc import Mapping
from typing import Dict, Iterator, Optional, Sequence, Tuple, Union

import torch
import torch.nn as nn
from torch import Tensor

from mmpose_thermal.datasets.point_sets import keypoint_indices

from .building import build_network, compile_network
from .config_errors import check_mapping
from .head_adapter import (HeadAdapter, adapt_head, match_heads,
                           select_keypoints)
from .layers import layer_outputs
from .loading import load_network
from .probing import Probe, fold_batch_norm, probe
from .resampling import resample


class Teacher(nn.Module):
    """A frozen network, its input modality and its matched head.

    BatchNorm is folded into the convolutions.

    Args:
        name (str): Its name in the config, for errors.
        student (HeadAdapter): The adapter of the student's head.
        student_probe (Probe): The shapes of the student.
        config (str | dict): A config file's path or a model dict. A distiller
            stands for its student.
        checkpoint (str): The path of its weights.
        prefix (str, optional): Their prefix in the checkpoint, such as
            ``'ema.'``. Detected by default.
        input (str): The modality that it sees.
        keypoints (Sequence[int] | dict, optional): The student's keypoints, if
            it has fewer: their indices in the teacher, or the names of both
            point sets, such as ``dict(teacher='wflw', student='300w')``.
        compile (bool | dict): See :func:`compile_network`. With
            ``dict(mode='reduce-overhead')`` its backbone is a CUDA graph.
        dtype (str, optional): PyTorch type in which backbone and neck
            compute, such as ``'bfloat16'``. The head, which gradients flow
            through, uses the precision of the training.
        memory_format (torch.memory_format): Format of weights and features.

    Raises:
        FileNotFoundError: The config or the checkpoint does not exist.
        TypeError: The network cannot be distilled.
        ValueError: The checkpoint does not fit, or the teacher's output cannot
            be matched with the student's.
    """

    def __init__(self,
                 name: str,
                 student: HeadAdapter,
                 student_probe: Probe,
                 config: Union[str, dict],
                 checkpoint: Optional[str] = None,
                 prefix: Optional[str] = None,
                 input: str = 'rgb',
                 keypoints: Union[Sequence[int], dict, None] = None,
                 compile: Union[bool, dict] = False,
                 dtype: Optional[str] = None,
                 memory_format: torch.memory_format = torch.contiguous_format
                 ) -> None:
        super().__init__()
        if not checkpoint:
            raise ValueError(
                f'{name}.checkpoint is not set: an untrained teacher has '
                'nothing to teach. Pass its checkpoint: '
                f'--cfg-options model.{name}.checkpoint=PATH')
        self.modality = input
        self.loss_names: Tuple[str, ...] = ()
        self.layers: Tuple[str, ...] = ()  # whose maps its losses read
        network = build_network(config, name)
        load_network(network, checkpoint, name, prefix)
        network.eval().requires_grad_(False)
        found = probe(network, adapt_head(network.head, f'{name}.config'),
                      name, student_probe.image_size)
        self.image_size = found.image_size
        self.feature_shape = found.feature_shape
        self.network = fold_batch_norm(network, found.image_size)
        self.head = adapt_head(self.network.head)
        if isinstance(keypoints, dict):
            keypoints = keypoint_indices(**keypoints)
        if keypoints is not None:
            select_keypoints(self.head, keypoints, found.output)
        match_heads(self.head, found.feature, student, student_probe.output)
        self.requires_grad_(False)
        self.eval()
        self.network.to(memory_format=memory_format)
        self._dtype = None if dtype is None else _floating(name, dtype)
        for part in ('backbone', 'neck'):
            if hasattr(self.network, part):
                getattr(self.network, part).to(self._dtype)
        compile_network(self.network, compile)

    def add_loss(self, name: str, layers: Optional[Dict[str, str]]) -> None:
        """Notes a loss, and the layer whose map it reads, if any."""
        self.loss_names += (name, )
        if layers:
            self.layers += (layers['teacher'], )

    def feature(self, images: Tensor) -> Tensor:
        """What the head reads, (B, C_t, h_t, w_t); see :meth:`extract`."""
        return self.extract(images)[0]

    def extract(self, images: Tensor) -> Tuple[Tensor, Dict[str, Tensor]]:
        """Runs backbone and neck.

        Args:
            images (Tensor): Normalised crops, (B, C, H, W), of any size.

        Returns:
            tuple: What the head reads, (B, C_t, h_t, w_t), and the maps of
            the layers that losses name, all without gradients.
        """
        with torch.no_grad(), layer_outputs(self.network,
                                            self.layers) as maps:
            feature = self.head.pack(
                self._extract(resample(images, self.image_size)))
        # In mixed precision the head casts it to its own type.
        mixed = torch.is_autocast_cpu_enabled() \
            if images.device.type == 'cpu' else torch.is_autocast_enabled()
        if mixed:
            return feature, maps
        return feature.to(images.dtype), {
            name: value.to(images.dtype) for name, value in maps.items()
        }

    def _extract(self, images: Tensor) -> Tuple[Tensor, ...]:
        if self._dtype is None:
            return self.network.extract_feat(images)
        # The weights already have this type.
        with torch.autocast(images.device.type, enabled=False):
            return self.network.extract_feat(images.to(self._dtype))


def named_teachers(teacher: dict, losses: Optional[dict]
                    ) -> Iterator[Tuple[str, Mapping]]:
    """Yields key and fields of each teacher in the ``teacher`` field."""
    check_mapping('teacher', teacher)
    if 'config' in teacher:
        yield 'teacher', {'distill_losses': losses, **teacher}
        return
    if losses:
        raise ValueError('With several teachers each has its own '
                         '`distill_losses`: move the common ones there.')
    for key, arguments in teacher.items():
        if not isinstance(arguments, Mapping):
            raise ValueError(
                f'teacher.{key} is {arguments!r}. `teacher` is one '
                'dict with a `config`, or a dict of such dicts by name.')
        yield key, arguments


def _floating(name: str, dtype: str) -> torch.dtype:
    found = getattr(torch, str(dtype), None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ValueError(f'{name}.dtype: {dtype!r} is not a floating-point '
                         'type of PyTorch. Set it to "bfloat16" or "float16".')
    return found
