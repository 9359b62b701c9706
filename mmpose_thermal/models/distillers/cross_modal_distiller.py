from collections.abc import Mapping
from typing import Optional

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType, SampleList
from torch import Tensor

from ..losses import DistillBatch, DistillLoss
from .branch import build_branch, load_branch
from .decay import Decay, training_progress


@MODELS.register_module()
class CrossModalDistiller(BaseModel):
    """Trains a student under a frozen teacher that may see another modality.

    Both levels of MLCM-KD (arXiv 2510.11128) are this class. KTL: an RGB
    teacher and a thermal student (``teacher_input='rgb'``). MCL: the thermal
    student of KTL as the teacher of a lightweight one (both
    ``'thermal'``). Prediction is the student's own, and checkpoints that are
    saved with :class:`StudentCheckpointHook` are the student's own.

    Args:
        teacher (dict): ``config``, a config file's path or a model dict, and
            ``checkpoint``, the path of its weights.
        student (dict): ``config`` likewise; ``checkpoint`` is optional.
        teacher_input (str): The modality that the teacher sees.
        student_input (str): The modality that the student sees.
        distill_losses (dict): Distillation losses by name; a name begins
            with ``loss`` and is logged as it is. Empty: plain training.
        decay (dict, optional): The arguments of :class:`Decay` for r(t),
            which scales all distillation losses. Default: no decay.
        data_preprocessor (dict, optional): Normalisation. It must agree with
            that of the two configs.
        init_cfg (dict, optional): Unused by the branches, which bring their
            own.

    Raises:
        FileNotFoundError: A config or checkpoint does not exist.
        TypeError: A branch is none that can be distilled.
        ValueError: A checkpoint does not fit, or the two branches have
            unlike outputs.
    """

    def __init__(self,
                 teacher: dict,
                 student: dict,
                 teacher_input: str = 'rgb',
                 student_input: str = 'thermal',
                 distill_losses: Optional[dict] = None,
                 decay: Optional[dict] = None,
                 data_preprocessor: OptConfigType = None,
                 init_cfg: OptConfigType = None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.teacher_input = teacher_input
        self.student_input = student_input
        self.student = build_branch(student['config'], 'student')
        self._student_checkpoint = student.get('checkpoint')
        frozen = build_branch(teacher['config'], 'teacher')
        if not teacher.get('checkpoint'):
            raise ValueError(
                'teacher.checkpoint is not set: an untrained teacher has '
                'nothing to teach. Pass its checkpoint: '
                '--cfg-options model.teacher.checkpoint=PATH')
        load_branch(frozen, teacher['checkpoint'], 'teacher')
        frozen.requires_grad_(False).eval()
        # Not a registered submodule: the teacher is in no optimizer, no
        # checkpoint and no gradient synchronisation, and train() on the
        # distiller does not reach it.
        object.__setattr__(self, 'teacher', frozen)

        self._check_outputs()
        self._check_normalisation(teacher_input, self.teacher, 'teacher')
        self._check_normalisation(student_input, self.student, 'student')
        self.distill_losses = nn.ModuleDict()
        for name, loss in (distill_losses or {}).items():
            self._add_loss(name, loss)
        self.decay = Decay(**(decay or dict(type='constant')))

    def _add_loss(self, name: str, config: dict) -> None:
        if not name.startswith('loss') or name == 'loss_kpt':
            raise ValueError(
                f'distill_losses: "{name}" must begin with "loss", else '
                'MMEngine does not add it to the total, and must not be '
                '"loss_kpt", the task loss.')
        loss = MODELS.build(config)
        if not isinstance(loss, DistillLoss):
            raise TypeError(
                f'distill_losses: {name} is a {type(loss).__name__}, which '
                'is no DistillLoss.')
        loss.connect(self.teacher.head.in_channels,
                     self.student.head.in_channels)
        self.distill_losses[name] = loss

    def _check_outputs(self) -> None:
        teacher, student = (branch.head.out_channels
                            for branch in (self.teacher, self.student))
        if teacher != student:
            raise ValueError(
                f'The teacher has {teacher} keypoints, the student {student}.'
                ' Train both on the same point set (MMPose\'s '
                'KeypointConverter maps one to the other).')

    def _check_normalisation(self, modality: str, branch: nn.Module,
                             name: str) -> None:
        """The branch must see what its own config promises it."""
        own = branch.data_preprocessor
        branches = getattr(self.data_preprocessor, 'branches', None)
        if branches is not None and modality not in branches:
            raise ValueError(
                f'{name}_input is "{modality}", but data_preprocessor has '
                f'only {list(branches)}.')
        used = self.data_preprocessor if branches is None else \
            branches[modality]
        if not hasattr(own, 'mean'):
            return  # a model dict without preprocessor makes no promise
        for field in ('mean', 'std'):
            ours = getattr(used, field, None)
            theirs = getattr(own, field)
            if ours is None or not torch.allclose(
                    ours.float(), theirs.float()):
                raise ValueError(
                    f'data_preprocessor: `{field}` of "{modality}" is '
                    f'{_as_list(ours)}, but the {name}\'s own config has '
                    f'{_as_list(theirs)}. A network must be fed as it was '
                    'trained: make them equal.')
        swaps = [getattr(p, '_channel_conversion', False) for p in (used, own)]
        if swaps[0] != swaps[1]:
            raise ValueError(
                f'data_preprocessor: `bgr_to_rgb` of "{modality}" is '
                f'{swaps[0]}, but the {name}\'s own config has {swaps[1]}.')

    def init_weights(self) -> None:
        """Initialises the student and loads its checkpoint, if any."""
        super().init_weights()
        if self._student_checkpoint:
            load_branch(self.student, self._student_checkpoint, 'student')

    def _apply(self, fn, *args, **kwargs):
        """Moves and casts the teacher along with the registered modules."""
        self.teacher._apply(fn, *args, **kwargs)
        return super()._apply(fn, *args, **kwargs)

    def _pick(self, inputs, modality: str) -> Tensor:
        """The images of one modality from a dict, or the only ones."""
        if not isinstance(inputs, Mapping):
            return inputs
        if modality not in inputs:
            raise KeyError(
                f'The batch has the modalities {sorted(inputs)}, but '
                f'"{modality}" is needed. Check teacher_input, student_input '
                'and the pipeline of the data set.')
        return inputs[modality]

    def forward(self, inputs, data_samples=None, mode: str = 'tensor'):
        """MMPose's model interface.

        Args:
            inputs (dict[str, Tensor] | Tensor): (B, C, H, W) by modality, or
                one tensor for both branches.
            data_samples (list[PoseDataSample], optional): Annotations.
            mode (str): ``'loss'``, or ``'predict'`` and ``'tensor'``, which
                are the student's own.

        Returns:
            dict | list[PoseDataSample] | Tensor: As MMPose's estimators.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        return self.student(
            self._pick(inputs, self.student_input), data_samples, mode)

    def loss(self, inputs, data_samples: SampleList) -> dict:
        """Task loss and weighted distillation losses.

        Args:
            inputs (dict[str, Tensor] | Tensor): See :meth:`forward`.
            data_samples (list[PoseDataSample]): With heatmap targets.

        Returns:
            dict: ``loss_kpt``; each distillation loss under its name, scaled
            by r(t); ``distill_decay``, r(t) itself (logged, not summed).
        """
        if not isinstance(inputs, Mapping) and \
                self.teacher_input != self.student_input:
            raise TypeError(
                f'The batch is one tensor, but the teacher sees '
                f'"{self.teacher_input}" and the student '
                f'"{self.student_input}". Pack the training pipeline with '
                'PackPairInputs.')
        images = self._pick(inputs, self.student_input)
        feats = self.student.extract_feat(images)
        output = self.student.head.forward(feats)
        target = torch.stack([s.gt_fields.heatmaps for s in data_samples])
        weight = torch.cat(
            [s.gt_instance_labels.keypoint_weights for s in data_samples])
        losses = dict(
            loss_kpt=self.student.head.loss_module(output, target, weight))
        if not self.distill_losses:
            return losses
        factor = self.decay(training_progress())
        with torch.no_grad():
            teacher_feats = self.teacher.extract_feat(
                self._pick(inputs, self.teacher_input))
        batch = DistillBatch(
            student_feats=feats,
            teacher_feats=teacher_feats,
            student_output=output,
            student_head=self.student.head,
            teacher_head=self.teacher.head,
            target=target,
            target_weight=weight)
        for name, loss in self.distill_losses.items():
            losses[name] = factor * loss(batch)
        losses['distill_decay'] = torch.tensor(factor)
        return losses


def _as_list(values: Optional[Tensor]):
    return None if values is None else values.flatten().tolist()
