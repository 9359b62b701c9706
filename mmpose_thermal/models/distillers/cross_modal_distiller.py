import copy
from collections.abc import Mapping
from typing import Callable, Dict, Optional

import torch
import torch.nn as nn
from mmengine.dist import get_world_size
from mmengine.model import BaseModel, ModuleDict
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType, SampleList
from torch import Tensor

from ..losses import DistillBatch, DistillLoss
from ..losses.base import Output, map_parts, parts_of
from .branch import (supports_channels_last, build_branch, compile_branch,
                     load_branch, probe)
from .decay import Decay
from .config_errors import check_fields, check_mapping, reading
from .heads import (HeadOnFeature, output_as_target, softmax_beta,
                    stack_targets)
from .teacher import Teacher
from .trial import adds_samples_up, try_loss


@MODELS.register_module()
class CrossModalDistiller(BaseModel):
    """Trains a student under frozen teachers that may see another modality.

    Both levels of MLCM-KD (arXiv 2510.11128) are this class. KTL: an RGB
    teacher and a thermal student (``teacher_input='rgb'``). MCL: the thermal
    student of KTL as the teacher of a lightweight one (both
    ``'thermal'``). Prediction is the student's own, and checkpoints that are
    saved with :class:`StudentCheckpointHook` are the student's own.

    Args:
        teacher (dict): ``config``, a config file's path or a model dict, and
            ``checkpoint``, the path of its weights; optionally ``prefix``,
            ``keypoints``, ``compile`` and ``dtype``, see :class:`Teacher`.
            Several teachers are a dict of such dicts by name, each with its
            own ``input`` and ``distill_losses`` beside.
        student (dict): ``config`` likewise; optionally ``checkpoint``, to
            start from, and ``compile``, True or the arguments of
            ``torch.compile`` for its backbone and neck.
        teacher_input (str): The modality that the teacher sees.
        student_input (str): The modality that the student sees.
        distill_losses (dict): Distillation losses by name; a name begins
            with ``loss`` and is logged as it is. Beside its own arguments a
            loss may have ``decay``, instead of the common one. Empty: plain
            training.
        decay (dict, optional): The arguments of :class:`Decay` for r(t),
            which scales all distillation losses. Default: no decay.
        channels_last (bool): Whether the networks compute in that memory
            format, which is faster on CPUs, and on GPUs in mixed precision.
            Checkpoints do not depend on it. Left off for students that it
            would crash (:func:`supports_channels_last`). Defaults to True.
        data_preprocessor (dict, optional): Normalisation. It must agree with
            that of the configs of all networks.
        train_cfg (dict, optional): Unused; MMPose's ``init_model`` sets it.
        init_cfg (dict, optional): Unused by the branches, which bring their
            own.

    Raises:
        FileNotFoundError: A config or checkpoint does not exist.
        TypeError: A branch is none that can be distilled.
        ValueError: A checkpoint does not fit, or two branches have unlike
            outputs.
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
        check_fields('student', student, ('config', 'checkpoint', 'compile'))
        self.student_input = student_input
        self.student = build_branch(student['config'], 'student')
        self.student_checkpoint = student.get('checkpoint')
        self._check_normalisation(student_input, self.student, 'student')
        self._student_probe = probe(self.student, 'student')
        self._memory_format = (
            torch.channels_last if channels_last and
            supports_channels_last(self.student) else torch.contiguous_format)
        self.student.to(memory_format=self._memory_format)
        compile_branch(self.student, student.get('compile', False))

        # None of these is a registered submodule: a teacher is in no
        # optimizer, no checkpoint and no gradient synchronisation, and
        # train() on the distiller does not reach it.
        object.__setattr__(self, '_student_head',
                           HeadOnFeature(self.student.head))
        self.teachers: Dict[str, Teacher] = {}
        self.distill_losses = ModuleDict()  # MMEngine's: init_cfg counts
        self._loss_decays: Dict[str, Decay] = {}
        with reading('decay'):
            self.decay = Decay(**(decay or dict(type='constant')))
        with reading('student.config'):
            self._adds_up = adds_samples_up(self.student.head,
                                            self._student_probe.output)
        for key, arguments in _named_teachers(teacher, distill_losses):
            self._add_teacher(key, {'input': teacher_input, **arguments})

    @property
    def teacher(self) -> nn.Module:
        """The network of the teacher, of several that of the first."""
        return next(iter(self.teachers.values())).network

    def _add_teacher(self, key: str, arguments: dict) -> None:
        name = key if key == 'teacher' else f'teacher.{key}'  # for errors
        losses = arguments.pop('distill_losses', None) or {}
        check_mapping('distill_losses', losses)
        check_fields(name, arguments,
                     ('config', 'checkpoint', 'prefix', 'input', 'keypoints',
                      'compile', 'dtype'))
        teacher = Teacher(
            name,
            self.student,
            self._student_probe,
            memory_format=self._memory_format,
            **arguments)
        self._check_normalisation(teacher.modality, teacher.network, name)
        self.teachers[key] = teacher
        teacher.loss_names = tuple(losses)
        for loss_name, config in losses.items():
            self._add_loss(loss_name, config, teacher)

    def _add_loss(self, name: str, config: dict, teacher: Teacher) -> None:
        if not str(name).startswith('loss') or '.' in name or name in (
                'loss', 'loss_kpt'):
            raise ValueError(
                f'distill_losses: "{name}" must begin with "loss", else '
                'MMEngine does not add it to the total, must be neither '
                '"loss", the total, nor "loss_kpt", the task loss, and must '
                'have no dot.')
        if name in self.distill_losses:
            raise ValueError(f'distill_losses: two teachers have a "{name}". '
                             'Give each loss a name of its own.')
        check_mapping(f'distill_losses.{name}', config)
        config = dict(config)
        decay = config.pop('decay', None)
        with reading(f'distill_losses.{name}'):
            loss = MODELS.build(config)
        if not isinstance(loss, DistillLoss):
            raise TypeError(
                f'distill_losses: {name} is a {type(loss).__name__}, which '
                'is no DistillLoss.')
        loss.connect(teacher.feature_shape, self._student_probe.feature_shape)
        with reading(f'distill_losses.{name}'):
            try_loss(loss, self._student_head, self._student_probe, teacher)
        self.distill_losses[name] = loss
        if decay is not None:
            with reading(f'distill_losses.{name}.decay'):
                self._loss_decays[name] = Decay(**decay)

    def _check_normalisation(self, modality: str, branch: nn.Module,
                             name: str) -> None:
        """The branch must see what its own config promises it."""
        own = branch.data_preprocessor
        branches = getattr(self.data_preprocessor, 'branches', None)
        if branches is not None and modality not in list(branches):
            raise ValueError(
                f'The {name} sees "{modality}", but data_preprocessor has '
                f'only {list(branches)}. Check its input.')
        used = self.data_preprocessor if branches is None else \
            branches[modality]
        if not hasattr(own, 'mean'):
            return  # a model dict without preprocessor makes no promise
        for field in ('mean', 'std'):
            ours = getattr(used, field, None)
            theirs = getattr(own, field)
            if ours is None or not {len(ours), len(theirs)} <= {1, 3} or \
                    not torch.allclose(ours.float(), theirs.float()):
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
        if self.student_checkpoint:
            load_branch(self.student, self.student_checkpoint, 'student')

    @staticmethod
    def translate_keys(weights: Dict[str, Tensor], prefix: str = '') -> None:
        """Makes a checkpoint of the student one of the distiller, in place.

        Args:
            weights (dict[str, Tensor]): A state dict; of a distiller it stays
                as it is.
            prefix (str): Of the distiller's own keys in it.
        """
        own = prefix + 'student.'
        if any(key.startswith(own) for key in weights):
            return
        for key in list(weights):
            if key.startswith(prefix) and \
                    not key.startswith(prefix + 'distill_losses.'):
                weights[own + key[len(prefix):]] = weights.pop(key)

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """PyTorch's, for a checkpoint of the student alone, too."""
        first = next(iter(state_dict), '')
        self.translate_keys(state_dict, prefix)
        expected = self.student.state_dict()
        found = sum(
            getattr(state_dict.get(f'{prefix}student.{key}'), 'shape', None) ==
            value.shape for key, value in expected.items())
        if state_dict and found < len(expected) / 2:
            raise ValueError(
                f'The checkpoint fits {found} of the {len(expected)} weights '
                f'of the student; its first is "{first}". Check that it is of '
                'this config.')
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _apply(self, fn, *args, **kwargs):
        """Moves and casts the teachers along with the registered modules."""
        for teacher in self.teachers.values():
            teacher._apply(fn, *args, **kwargs)
        return super()._apply(fn, *args, **kwargs)

    def __deepcopy__(self, memo: dict) -> 'CrossModalDistiller':
        """A copy, as EMA makes one, has the same frozen teachers."""
        memo.update({id(t): t for t in self.teachers.values()})
        clone = self.__class__.__new__(self.__class__)
        memo[id(self)] = clone
        clone.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return clone

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
                one tensor for all branches.
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

        Accuracy is not computed: it would copy the outputs to the host at
        every step.

        Args:
            inputs (dict[str, Tensor] | Tensor): See :meth:`forward`.
            data_samples (list[PoseDataSample]): With the targets that the
                student's head trains on. A sample whose
                ``missing_modalities`` names what a teacher sees is left out
                of that teacher's losses.

        Returns:
            dict: ``loss_kpt``; each distillation loss under its name, scaled
            by r(t); ``distill_decay``, r(t) itself, and
            ``distill_decay_NAME`` of a loss that has its own (logged, not
            summed). A teacher does not run while all its losses are scaled
            by 0.
        """
        self._check_inputs(inputs)
        feature = self.student.extract_feat(
            self._pick(inputs, self.student_input))[-1]
        output = self._student_head(feature)
        target, weight = stack_targets(self.student.head, data_samples)
        _check_target(output, target)
        losses = dict(
            loss_kpt=self.student.head.loss_module(output, target, weight))
        step = dict(
            student_feature=feature,
            student_output=output,
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
                 data_samples: SampleList, step: Dict[str, Output]) -> dict:
        """The losses of one teacher, over the samples that it can see.

        Each is a mean over the whole batch, to which the others add nothing.
        """
        paired = [
            index for index, sample in enumerate(data_samples)
            if teacher.modality not in sample.get('missing_modalities', ())
        ]
        share = len(paired) / len(data_samples)
        decays = {
            name: self._loss_decays.get(name, self.decay)()
            for name in teacher.loss_names
        }
        # Processes that wait for each other, as SyncBN's do, compute alike
        # also where one of them has no pair.
        alone = get_world_size() == 1
        losses = {
            name: _nothing(self.distill_losses[name], images)
            for name, decay in decays.items()
            if not decay or (alone and not share)
        }
        if len(losses) == len(decays):
            return losses
        # Selected, not masked by weights: what stands for a missing image
        # would enter the statistics by which the injected pass normalises.
        select = _selector(paired if 0 < share < 1 else None, images.device)
        batch = DistillBatch(
            teacher_feature=teacher.feature(select(images)),
            teacher_head=teacher.head,
            student_head=self._student_head,
            criterion=self._criterion(share),
            as_target=output_as_target(self.student.head),
            beta=softmax_beta(self.student.head),
            **{key: select(part) for key, part in step.items()})
        losses.update({
            name: share * decay * self.distill_losses[name](batch)
            for name, decay in decays.items() if name not in losses
        })
        return losses

    def _criterion(self, share: float) -> Callable[..., Tensor]:
        """The task loss, as a mean over the samples that a teacher sees."""
        task_loss = self.student.head.loss_module
        if not self._adds_up or not share:
            return task_loss
        # MMPose's KLDiscretLoss is a sum over the samples, of which the
        # distiller is going to take the share.
        return lambda *arguments: task_loss(*arguments) / share

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


def _named_teachers(teacher: dict, losses: Optional[dict]):
    """Key and config of each teacher."""
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
                f'teacher.{key} is {arguments!r}. `teacher` is either one '
                'with a `config`, or a dict of such dicts by name.')
        yield key, arguments


def _selector(indices: Optional[list], device: torch.device):
    """Picks some samples of a batch, or all of them."""
    if indices is None:
        return lambda part: part
    index = torch.tensor(indices, device=device)

    return lambda output: map_parts(lambda part: part[index], output)


def _nothing(loss: nn.Module, images: Tensor) -> Tensor:
    """Zero that gives all weights of a loss a gradient, as DDP expects."""
    return sum((parameter.sum() * 0 for parameter in loss.parameters()),
               images.new_zeros(()))


def _check_target(output: Output, target: Output) -> None:
    for ours, theirs in zip(parts_of(output), parts_of(target)):
        if ours.shape != theirs.shape:
            raise ValueError(
                f'The student puts out {tuple(ours.shape)}, but the targets '
                f'are {tuple(theirs.shape)}. The codec of GenerateTarget in '
                'the pipeline must be that of the student\'s head, and the '
                'data set must have its keypoints.')


def _as_list(values: Optional[Tensor]):
    return None if values is None else values.flatten().tolist()
