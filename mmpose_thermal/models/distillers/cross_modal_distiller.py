import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Dict, Optional, Union

import torch
import torch.nn as nn
from mmengine.dist import get_world_size
from mmengine.model import BaseModel, ModuleDict
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType, SampleList
from torch import Tensor

from ..connectors import Shape
from ..losses import DistillBatch, DistillLoss
from ..losses.base import Output, map_parts
from .building import build_network, check_normalisation, compile_network
from .config_errors import check_mapping, naming_field
from .decay import Decay
from .head_adapter import adapt_head, check_target, keypoint_weights
from .layers import NetworkTail, layer_outputs
from .loading import (check_student_fits, load_network,
                      put_student_under_prefix)
from .probing import layer_shape, probe, supports_channels_last
from .teacher import Teacher, named_teachers
from .dry_run import dry_run_loss, sums_over_samples
from .unlabelled import TeacherLabels


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
            start from, where ``'teacher'`` stands for the (first) teacher's,
            and ``compile``, True or the arguments of ``torch.compile`` for
            its backbone and neck.
        teacher_input (str): The modality that the teacher sees.
        student_input (str): The modality that the student sees.
        distill_losses (dict): Distillation losses by name, under which they are
            logged; a name begins with ``loss``. A loss may have its own
            ``decay``, which replaces the common one. Empty: plain training.
        decay (dict, optional): The arguments of :class:`Decay` for r(t),
            which scales all distillation losses. Default: no decay.
        unlabelled (dict, optional): Needed if the data hold samples without
            labels: the arguments of :class:`TeacherLabels`, which makes the
            teacher's output the target of their distillation losses.
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
                 unlabelled: Optional[dict] = None,
                 channels_last: bool = True,
                 data_preprocessor: OptConfigType = None,
                 train_cfg: OptConfigType = None,
                 init_cfg: OptConfigType = None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        check_mapping('student', student, 'config', 'checkpoint', 'compile')
        self.student_input = student_input
        self.student = build_network(student['config'], 'student')
        self.student_checkpoint = student.get('checkpoint')
        self._starts_from_teacher = self.student_checkpoint == 'teacher'
        self._student_prefix: Optional[str] = None  # in that checkpoint
        check_normalisation(self.data_preprocessor, student_input,
                            self.student, 'student')
        head = adapt_head(self.student.head, 'student.config')
        self._student_probe = probe(self.student, head, 'student')
        with naming_field('student.config'):
            self._sums_over_samples = sums_over_samples(
                head, self._student_probe.output)
        self._memory_format = (
            torch.channels_last if channels_last and
            supports_channels_last(self.student) else torch.contiguous_format)
        self.student.to(memory_format=self._memory_format)
        compile_network(self.student, student.get('compile', False))

        # Not registered: its weights are those of self.student.head.
        object.__setattr__(self, '_student_head', head)
        # A plain dict registers nothing: a teacher must stay out of
        # optimizers, checkpoints and gradient synchronisation, and out of
        # reach of train() on the distiller.
        self.teachers: Dict[str, Teacher] = {}
        self.distill_losses = ModuleDict()  # MMEngine's honours init_cfg
        self._decays: Dict[str, Decay] = {}  # of each loss
        self._tails: Dict[str, Dict[str, NetworkTail]] = {}  # of each loss
        with naming_field('unlabelled'):
            self.teacher_labels = None if unlabelled is None else \
                TeacherLabels(**unlabelled)
            if self.teacher_labels:
                self.teacher_labels.check(head, self._student_probe.output)
        with naming_field('decay'):  # reads the progress of MMEngine's run
            self.decay = Decay(**(decay or dict(type='constant')))
        for key, arguments in named_teachers(teacher, distill_losses):
            self._add_teacher(key, {'input': teacher_input, **arguments})
            if self.student_checkpoint == 'teacher':
                self.student_checkpoint = arguments['checkpoint']
                self._student_prefix = arguments.get('prefix')

    @property
    def teacher(self) -> nn.Module:
        """The teacher's network; the first one's if there are several."""
        return next(iter(self.teachers.values())).network

    def _add_teacher(self, key: str, fields: Dict[str, Any]) -> None:
        field = key if key == 'teacher' else f'teacher.{key}'
        losses = fields.pop('distill_losses', None) or {}
        check_mapping('distill_losses', losses)
        check_mapping(field, fields, 'config', 'checkpoint', 'prefix', 'input',
                      'keypoints', 'compile', 'dtype')
        teacher = Teacher(
            field,
            self._student_head,
            self._student_probe,
            memory_format=self._memory_format,
            **fields)
        check_normalisation(self.data_preprocessor, teacher.modality,
                            teacher.network, field)
        self.teachers[key] = teacher
        for name, config in losses.items():
            self._add_loss(name, config, teacher)

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
                raise TypeError(f'a {type(loss).__name__} is not a DistillLoss')
            shapes = self._feature_shapes(loss, teacher)
            loss.connect(shapes['teacher'], shapes['student'])
            if loss.layers and loss.injects:
                self._tails[name] = dict(
                    teacher=NetworkTail(teacher.network, teacher.head,
                                        loss.layers['teacher'], teacher.image_size),
                    student=NetworkTail(self.student, self._student_head,
                                        loss.layers['student'],
                                        self._student_probe.image_size))
            dry_run_loss(loss, teacher, self._student_head,
                         self._student_probe.output, shapes, self._tails.get(name))
        with naming_field(f'{field}.decay'):
            self._decays[name] = self.decay if decay is None else Decay(**decay)
        self.distill_losses[name] = loss
        teacher.add_loss(name, loss.layers)

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
            remedy = (
                "With student.checkpoint='teacher', both need one architecture: "
                'otherwise set it to None.' if self._starts_from_teacher else '')
            load_network(self.student, self.student_checkpoint, 'student',
                         self._student_prefix, remedy)

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
            r(t); for the log, ``distill_decay``, which is r(t),
            ``distill_decay_NAME`` for a loss with its own decay, and with
            ``unlabelled`` the quantities of :class:`TeacherLabels` (the last
            teacher's, if there are several). A teacher does not run while all
            its losses are scaled by 0.
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
        # Weights of 0 leave unlabelled samples out.
        losses = dict(loss_kpt=head.task_loss(output, target, weight))
        student = _StudentPass(feature, output, maps, target, weight)
        for teacher in self.teachers.values():
            if teacher.loss_names:
                images = self._pick(inputs, teacher.modality)
                losses.update(
                    self._distill(teacher, images, data_samples, student))
        for name, decay in self._decays.items():
            # "loss" in a name would add it to the total.
            key = 'distill_decay' if decay is self.decay else \
                'distill_decay' + name.replace('loss', '')
            losses[key] = torch.tensor(decay())
        return losses

    def _distill(self, teacher: Teacher, images: Tensor,
                 data_samples: SampleList,
                 student: '_StudentPass') -> Dict[str, Tensor]:
        """The losses of one teacher, r(t) * (seen / all samples) * loss(seen).

        The loss is a mean over the samples that the teacher sees, so the
        result is a mean over the batch, to which the others add 0.
        """
        seen = [
            index for index, sample in enumerate(data_samples)
            if teacher.modality not in sample.get('missing_modalities', ())
        ]
        share = len(seen) / len(data_samples)
        decays = {name: self._decays[name]() for name in teacher.loss_names}
        # With several processes all must run the same layers, since SyncBN
        # waits for the others: a batch without any pair runs on placeholders,
        # times a share of 0.
        active = [
            name for name, decay in decays.items()
            if decay and (share or get_world_size() > 1)
        ]
        losses = {
            name: _zero_loss(self.distill_losses[name], images)
            for name in decays if name not in active
        }
        if active:
            # Selected, not masked by weights: placeholders of missing images
            # would enter the batch statistics of the injected pass.
            rows, samples = slice(None), data_samples
            if 0 < share < 1:
                rows = torch.tensor(seen, device=images.device)
                samples = [data_samples[index] for index in seen]
            images = images[rows]
            batch = self._distill_batch(teacher, images, student.select(rows),
                                        share)
            if self.teacher_labels is not None:
                batch, quantities = self.teacher_labels(teacher, images, samples,
                                                        batch)
                losses.update(quantities)
            for name in active:
                loss = self.distill_losses[name]
                losses[name] = share * decays[name] * loss(
                    batch.with_layers(loss.layers, self._tails.get(name)))
        return losses

    def _distill_batch(self, teacher: Teacher, images: Tensor,
                       student: '_StudentPass', share: float) -> DistillBatch:
        feature, maps = teacher.extract(images)
        head = self._student_head
        is_sum = self._sums_over_samples and share > 0
        return DistillBatch(
            student_feature=student.feature,
            student_output=student.output,
            student_maps=student.maps,
            student_head=head,
            teacher_feature=feature,
            teacher_maps=maps,
            teacher_head=teacher.head,
            criterion=head.task_loss,
            # A sum over the seen samples, as MMPose's KLDiscretLoss is one, has
            # its share of the batch already.
            criterion_scale=1 / share if is_sum else 1.,
            as_target=head.as_target,
            beta=head.beta,
            target=student.target,
            target_weight=student.weight)

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


@dataclass
class _StudentPass:
    """What the student computed of a batch and is compared with."""
    feature: Tensor
    output: Output
    maps: Dict[str, Tensor]
    target: Output
    weight: Tensor

    def select(self, rows: Union[slice, Tensor]) -> '_StudentPass':
        """Some samples of the batch."""
        return _StudentPass(
            self.feature[rows],
            map_parts(lambda part: part[rows], self.output),
            {name: value[rows] for name, value in self.maps.items()},
            map_parts(lambda part: part[rows], self.target),
            self.weight[rows])


def _zero_loss(loss: nn.Module, images: Tensor) -> Tensor:
    """A zero with a gradient for all weights of a loss, as DDP expects."""
    return sum((parameter.sum() * 0 for parameter in loss.parameters()),
               images.new_zeros(()))
