from dataclasses import dataclass
from functools import cached_property
from typing import Optional, Tuple, Union

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

from ..connectors import ConvConnector
from ..connectors.conv_connector import resize_to


@dataclass
class DistillBatch:
    """All that a distillation loss may use, built once a step.

    B is the batch size, K the number of keypoints.

    Attributes:
        student_feats (tuple[Tensor]): What the student's head gets, the last
            being (B, C_s, h_s, w_s).
        teacher_feats (tuple[Tensor]): Likewise of the teacher, without graph.
        student_output (Tensor): The student's heatmaps, (B, K, H, W).
        student_head (nn.Module): Trainable.
        teacher_head (nn.Module): Frozen and in eval mode; gradient flows
            through it, not into it.
        target (Tensor): Ground-truth heatmaps, (B, K, H, W).
        target_weight (Tensor): Keypoint weights, (B, K).
    """
    student_feats: Tuple[Tensor]
    teacher_feats: Tuple[Tensor]
    student_output: Tensor
    student_head: nn.Module
    teacher_head: nn.Module
    target: Tensor
    target_weight: Tensor

    @cached_property
    def teacher_output(self) -> Tensor:
        """The teacher's own heatmaps (B, K, H, W), without graph."""
        with torch.no_grad():
            return self.teacher_head.forward(self.teacher_feats)

    def task_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """The student's own task loss of heatmaps against a target."""
        return self.student_head.loss_module(output, target,
                                             self.target_weight)


class DistillLoss(BaseModule):
    """Base class of the distillation losses.

    A subclass implements ``forward(batch)``, which takes a
    :class:`DistillBatch` and returns a scalar. A loss that compares features
    builds its connectors in :meth:`connect`.
    """

    def connect(self, teacher_channels: int, student_channels: int) -> None:
        """Called once, when the widths of both heads' inputs are known."""

    def forward(self, batch: DistillBatch) -> Tensor:
        """Returns the loss of a batch, a scalar."""
        raise NotImplementedError


class Connector(nn.Module):
    """A connector as a loss holds it: identity where shapes agree.

    Args:
        connector (str | dict): ``'auto'`` for identity between equal widths
            and :class:`ConvConnector` otherwise, or a connector's config.
        in_channels (int): Channels that come in.
        out_channels (int): Channels that the other head expects.
    """

    def __init__(self, connector: Union[str, dict], in_channels: int,
                 out_channels: int) -> None:
        super().__init__()
        if isinstance(connector, dict):
            self.layer: Optional[nn.Module] = MODELS.build({
                'in_channels': in_channels,
                'out_channels': out_channels,
                **connector
            })
        elif connector == 'auto':
            self.layer = None if in_channels == out_channels else \
                ConvConnector(in_channels, out_channels)
        else:
            raise ValueError('A connector is "auto" or a config dict with a '
                             f'"type", got {connector!r}.')

    def forward(self, feature: Tensor, like: Tensor) -> Tensor:
        """Brings ``feature`` (B, C, h, w) to the size of ``like``."""
        size = tuple(like.shape[-2:])
        if self.layer is None:
            return resize_to(feature, size)
        return self.layer(feature, size)
