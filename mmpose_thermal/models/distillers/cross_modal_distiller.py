import copy
from collections.abc import Mapping
from typing import Any, Dict, Optional

import torch
import torch.nn as nn
from mmengine.dist import get_world_size
from mmengine.model import BaseModel, ModuleDict
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType, SampleList
from torch import Tensor

from ..connectors import Shape
from ..losses import DistillBatch, DistillLoss
from ..losses.base import map_parts
from .building import build_network, check_normalisation, compile_network
from .config_errors import check_mapping, naming_field
from .decay import Decay
from .head_adapter import adapt_head, check_target, keypoint_weights
from .layers import layer_outputs
from .loading import (check_student_fits, load_network,
                      put_student_under_prefix)
from .probing import layer_shape, probe, supports_channels_last
from .teacher import Teacher, named_teachers
from .trial import adds_samples_up, try_loss


@MODELS.register_module()
class CrossModalDistiller(BaseModel):
    """Trains a student with frozen teachers, which may see another modality.

    This class covers both levels of MLCM-KD (arXiv 2510.11128). KTL: an RGB
    teacher and a thermal student (``teacher_input='rgb'``). MCL: the thermal
    student of KTL teaches a lightweight one (both ``'thermal'``). Predictions
    are the student's, and so are checkpoints saved with
    :class:`StudentCheckpointHook`.

    Args:
        teacher (dict): ``config``, a config file's path or a model dict, and
            ``checkpoint``, the path of its weights; optionally ``prefix``,
            ``keypoints``, ``compile`` and ``dtype``, see :class:`Teacher`.
            For several teachers, a dict of such dicts by name, each with
            its own ``input`` and ``distill_losses``.
        student (dict): ``config`` likewise; optionally ``checkpoint``, to
            start from, and ``compile``, True or the arguments of
            ``torch.compile`` for its backbone and neck.
        teacher_input (str): The modality that the teacher sees.
        student_input (str): The modality that the student sees.
        distill_losses (dict): Distillation losses by name, under which they are
            logged; a name begins with ``loss``. A loss may have its own
            ``decay``, which replaces the common one. Empty: plain training.
        decay (dict, optional): The arguments of :class:`Decay` for r(t),
            which scales all distillation losses. Default: no decay.
        channels_last (bool): Whether the networks compute in that memory
            format, which is faster on CPUs, and on GPUs in mixed precision.
            Checkpoints do not depend on it. Ignored for students that it
            would crash (:func:`supports_channels_last`). Defaults to True.
        data_preprocessor (dict, optional): Normalisation. It must agree with
            the configs of all networks.
        train_cfg (dict, optional): Unused; MMPose's ``init_model`` sets it.
        init_cfg (dict, optional): Not used by the networks, which have their
            own.

    Raises:
        FileNotFoundError: A config or checkpoint does not exist.
        TypeError: A network cannot be distilled.
        ValueError: A checkpoint does not fit, or the outputs of two networks
            differ in kind or shape.
    """

    def __init__(self,
                 teacher: dict,
                 student: dict,
                 teacher_input: str = 'rgb',
                 student_input: str = 'thermal',
                 distill_losses: Optional[dict] = None,
                 decay: Optional[dict] = None,
                 channels_last: bool = True,
                 data_preprocessor: OptConfigType = None,
                 train_cfg: OptConfigType = None,
                 init_cfg: OptConfigType = None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        check_mapping('student', student, 'config', 'checkpoint', 'compile')
        self.student_input = student_input
        self.student = build_network(student['config'], 'student')
        self.student_checkpoint = student.get('checkpoint')
        check_normalisation(self.data_preprocessor, student_input,
                            self.student, 'student')
        head = adapt_head(self.student.head, 'student.config')
        self._student_probe = probe(self.student, head, 'student')
        with naming_field('student.config'):
            self._adds_up = adds_samples_up(head, self._student_probe.output)
        self._memory_format = (
            torch.channels_last if channels_last and
            supports_channels_last(self.student) else torch.contiguous_format)
        self.student.to(memory_format=self._memory_format)
        compile_network(self.student, student.get('compile', False))

        # Not registered as submodules: a teacher must stay out of
        # optimizers, checkpoints and gradient synchronisation, and out of
        # reach of train() on the distiller.
        object.__setattr__(self, '_student_head', head)
        self.teachers: Dict[str, Teacher] = {}
        self.distill_losses = ModuleDict()  # MMEngine's honours init_cfg
        self._loss_decays: Dict[str, Decay] = {}
        with naming_field('decay'):
            self.decay = Decay(**(decay or dict(type='constant')))
        for key, arguments in named_teachers(teacher, distill_losses):
            self._add_teacher(key, {'input': teacher_input, **arguments})

    @property
    def teacher(self) -> nn.Module:
        """The teacher's network; the first one's if there are several."""
        return next(iter(self.teachers.values())).network

    def _add_teacher(self, key: str, arguments: Dict[str, Any]) -> None:
        name = key if key == 'teacher' else f'teacher.{key}'  # for errors
        losses = arguments.pop('distill_losses', None) or {}
        check_mapping('distill_losses', losses)
        check_mapping(name, arguments, 'config', 'checkpoint', 'prefix',
                      'input', 'keypoints', 'compile', 'dtype')
        teacher = Teacher(
            name,
            self._student_head,
            self._student_probe,
            memory_format=self._memory_format,
            **arguments)
        check_normalisation(self.data_preprocessor, teacher.modality,
                            teacher.network, name)
        self.teachers[key] = teacher
        for loss_name, config in losses.items():
            self._add_loss(loss_name, config, teacher)

    def _add_loss(self, name: str, config: dict, teacher: Teacher) -> None:
        if not str(name).startswith('loss') or '.' in name or name in (
                'loss', 'loss_kpt'):
            raise ValueError(
                f'distill_losses: "{name}" must begin with "loss", or MMEngine '
                'does not add it to the total; it must not be "loss" (the '
                'total) or "loss_kpt" (the task loss), nor contain a dot.')
        if name in self.distill_losses:
            raise ValueError(f'distill_losses: two teachers have a "{name}". '
                             'Give each loss a name of its own.')
        field = f'distill_losses.{name}'
        check_mapping(field, config)
        config = dict(config)
        decay = config.pop('decay', None)
        with naming_field(field):
            loss = MODELS.build(config)
        if not isinstance(loss, DistillLoss):
            raise TypeError(f'{field} is a {type(loss).__name__}, which is '
                            'not a DistillLoss.')
        with naming_field(field):
            shapes = self._feature_shapes(loss, teacher)
            loss.connect(shapes['teacher'], shapes['student'])
            try_loss(loss, teacher, self._student_head,
                     self._student_probe.output, shapes)
        self.distill_losses[name] = loss
        teacher.loss_names += (name, )
        if loss.layers:
            teacher.layers += (loss.layers['teacher'], )
        if decay is not None:
            with naming_field(f'{field}.decay'):
                self._loss_decays[name] = Decay(**decay)

    def _feature_shapes(self, loss: DistillLoss,
                        teacher: Teacher) -> Dict[str, Shape]:
        """(C, h, w) of the features that a loss reads, of both networks."""
        if not loss.layers:
            return dict(teacher=teacher.feature_shape,
                        student=self._student_probe.feature_shape)
        return {
            side: layer_shape(network, loss.layers[side], size)
            for side, network, size in (
                ('teacher', teacher.network, teacher.image_size),
                ('student', self.student, self._student_probe.image_size))
        }

    def init_weights(self) -> None:
        """Initialises the student and loads its checkpoint, if any."""
        super().init_weights()
        if self.student_checkpoint:
            load_network(self.student, self.student_checkpoint, 'student')

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """PyTorch's; also takes a checkpoint of the student alone."""
        put_student_under_prefix(state_dict, prefix)
        check_student_fits(self.student, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _apply(self, fn, *args, **kwargs):
        """Moves and casts the teachers along with the registered modules."""
        for teacher in self.teachers.values():
            teacher._apply(fn, *args, **kwargs)
        return super()._apply(fn, *args, **kwargs)

    def __deepcopy__(self, memo: dict) -> 'CrossModalDistiller':
        """A copy (EMA makes one) shares the frozen teachers."""
        memo.update({id(t): t for t in self.teachers.values()})
        clone = self.__class__.__new__(self.__class__)
        memo[id(self)] = clone
        clone.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return clone

    def _pick(self, inputs, modality: str) -> Tensor:
        """The images of one modality, or the only ones."""
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
                one tensor for all branches.
            data_samples (list[PoseDataSample], optional): Annotations.
            mode (str): ``'loss'``; or ``'predict'`` or ``'tensor'``, which run
                the student alone.

        Returns:
            dict | list[PoseDataSample] | Tensor: As from MMPose's estimators.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        return self.student(
            self._pick(inputs, self.student_input), data_samples, mode)

    def loss(self, inputs, data_samples: SampleList) -> dict:
        """Computes the task loss and the scaled distillation losses.

        Accuracy is not computed: it would copy the outputs to the host at
        every step.

        Args:
            inputs (dict[str, Tensor] | Tensor): See :meth:`forward`.
            data_samples (list[PoseDataSample]): With the targets of the
                student's head. A teacher's losses skip samples whose
                ``missing_modalities`` names its modality.

        Returns:
            dict: ``loss_kpt``; each distillation loss under its name, scaled by
            r(t); for the log, ``distill_decay``, which is r(t), and
            ``distill_decay_NAME`` for a loss with its own decay. A teacher
            does not run while all its losses are scaled by 0.
        """
        self._check_inputs(inputs)
        head = self._student_head
        layers = [loss.layers['student']
                  for loss in self.distill_losses.values() if loss.layers]
        with layer_outputs(self.student, layers) as maps:
            feature = head.pack(self.student.extract_feat(
                self._pick(inputs, self.student_input)))
        output = head(feature)
        target = head.targets(data_samples)
        check_target(output, target)
        weight = keypoint_weights(data_samples)
        losses = dict(loss_kpt=head.task_loss(output, target, weight))
        step = dict(
            student_feature=feature,
            student_output=output,
            student_maps=maps,
            target=target,
            target_weight=weight)
        for teacher in self.teachers.values():
            if teacher.loss_names:
                images = self._pick(inputs, teacher.modality)
                losses.update(
                    self._distill(teacher, images, data_samples, step))
        if self.distill_losses:
            losses['distill_decay'] = torch.tensor(self.decay())
        for name, decay in self._loss_decays.items():
            # "loss" in a name would add it to the total.
            key = 'distill_decay' + name.replace('loss', '')
            losses[key] = torch.tensor(decay())
        return losses

    def _distill(self, teacher: Teacher, images: Tensor,
                 data_samples: SampleList, step: dict) -> Dict[str, Tensor]:
        """The losses of one teacher, over the samples that it can see.

        Each is a mean over the whole batch; unseen samples count as 0.
        """
        seen = [
            index for index, sample in enumerate(data_samples)
            if teacher.modality not in sample.get('missing_modalities', ())
        ]
        share = len(seen) / len(data_samples)
        decays = {
            name: self._loss_decays.get(name, self.decay)()
            for name in teacher.loss_names
        }
        # With several processes all must run the same layers (SyncBN waits
        # for the others), even for a batch without any pair.
        active = {
            name for name, decay in decays.items()
            if decay and (share or get_world_size() > 1)
        }
        losses = {
            name: _nothing(self.distill_losses[name], images)
            for name in decays if name not in active
        }
        if active:
            # Selected, not masked by weights: placeholders of missing images
            # would enter the batch statistics of the injected pass.
            rows = torch.tensor(seen, device=images.device) \
                if 0 < share < 1 else slice(None)
            batch = self._distill_batch(teacher, images[rows], share, {
                name: _select(part, rows) for name, part in step.items()})
            losses.update({
                name: share * decays[name] * loss(batch.at(loss.layers))
                for name, loss in self.distill_losses.items()
                if name in active
            })
        return losses

    def _distill_batch(self, teacher: Teacher, images: Tensor, share: float,
                       step: dict) -> DistillBatch:
        feature, maps = teacher.look(images)
        head = self._student_head
        return DistillBatch(
            teacher_feature=feature,
            teacher_maps=maps,
            teacher_head=teacher.head,
            student_head=head,
            criterion=head.task_loss,
            as_target=head.as_target,
            beta=head.beta,
            # MMPose's KLDiscretLoss is a sum over samples: undo the share,
            # by which the distiller multiplies.
            criterion_scale=1 / share if self._adds_up and share else 1.,
            **step)

    def _check_inputs(self, inputs) -> None:
        modalities = {self.student_input} | {
            teacher.modality
            for teacher in self.teachers.values()
        }
        if not isinstance(inputs, Mapping) and len(modalities) > 1:
            raise TypeError(
                'The batch is one tensor, but the branches see '
                f'{sorted(modalities)}. Pack the training pipeline with '
                'PackPairInputs.')


def _select(part, rows):
    """Selects samples of a tensor, or of each tensor in a tuple or dict."""
    if isinstance(part, dict):
        return {name: value[rows] for name, value in part.items()}
    return map_parts(lambda value: value[rows], part)


def _nothing(loss: nn.Module, images: Tensor) -> Tensor:
    """A zero with a gradient for all weights of a loss, as DDP expects."""
    return sum((parameter.sum() * 0 for parameter in loss.parameters()),
               images.new_zeros(()))
