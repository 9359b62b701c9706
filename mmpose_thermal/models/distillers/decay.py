"""The time-adaptive decay r(t) of the distillation losses."""
import math
from typing import Optional, Sequence

from mmengine.logging import MessageHub


def training_progress(by_epoch: bool = False) -> float:
    """The finished share of the training, in [0, 1].

    Read from MMEngine's message hub, which a resumed run restores. Outside a
    training run it is 0.

    Args:
        by_epoch (bool): Whether to count whole epochs instead of iterations.
            A run of one epoch, such as MMEngine's iteration-based training,
            always counts iterations. Defaults to False.

    Returns:
        float: t.
    """
    known = MessageHub.get_current_instance().runtime_info
    unit = 'epoch' if by_epoch and known.get('max_epochs') != 1 else 'iter'
    done, total = known.get(unit), known.get(f'max_{unit}s')
    if done is None or not total:
        return 0.
    return min(done / total, 1.)


class Decay:
    """The factor r(t) at a progress t of the training.

    Args:
        type (str): ``'linear'`` (as DWPose, arXiv 2307.15880), ``'cosine'``,
            ``'exponential'``, ``'step'`` or ``'constant'`` (always
            ``begin``). The paper's choice is not public; the default is
            ours.
        begin (float): r at the start. Defaults to 1.
        end (float): r at the end. Defaults to 0. Must be positive for
            ``'exponential'``.
        milestones (Sequence[float]): For ``'step'``: shares of the training,
            in (0, 1), at which r falls by equal amounts from ``begin`` to
            ``end``.
            Defaults to (0.5, 0.75).
        warm_up (float): The share of the training, in [0, 1), over which r
            rises from 0 to its value. Defaults to 0.
        by_epoch (bool): Whether r changes only between epochs, not at every
            iteration. Defaults to False.

    Raises:
        ValueError: The type is unknown, or a number is out of range.

    Examples:
        >>> Decay(type='linear', begin=1., end=0.)(.25)
        0.75
    """

    def __init__(self,
                 type: str = 'linear',
                 begin: float = 1.,
                 end: float = 0.,
                 milestones: Sequence[float] = (.5, .75),
                 warm_up: float = 0.,
                 by_epoch: bool = False) -> None:
        shapes = dict(
            linear=self._linear,
            cosine=self._cosine,
            exponential=self._exponential,
            step=self._step,
            constant=self._constant)
        if type not in shapes:
            raise ValueError(f'unknown type {type!r}; one of '
                             f'{", ".join(shapes)}.')
        for name, value in (('begin', begin), ('end', end)):
            if not 0 <= value < math.inf:
                raise ValueError(f'`{name}` must be a finite number and not '
                                 f'negative, got {value!r}.')
        if not milestones or not all(0 < at < 1 for at in milestones):
            raise ValueError(
                '`milestones` are shares of the training, between 0 and 1, '
                f'such as (0.5, 0.75), not epochs; got {milestones!r}.')
        if type == 'exponential' and not (begin > 0 and end > 0):
            raise ValueError('`begin` and `end` must be positive for type '
                             f'"exponential", got {begin} and {end}.')
        if not 0 <= warm_up < 1:
            raise ValueError('`warm_up` is a share of the training, from 0 to '
                             f'below 1, got {warm_up!r}.')
        self._shape = shapes[type]
        self.warm_up = warm_up
        self.begin, self.end = begin, end
        self.milestones = sorted(milestones)
        self.by_epoch = by_epoch

    def __call__(self, progress: Optional[float] = None) -> float:
        """r(t).

        Args:
            progress (float, optional): t in [0, 1]. Defaults to that of the
                current MMEngine run.

        Returns:
            float: The factor.
        """
        if progress is None:
            progress = training_progress(self.by_epoch)
        rise = min(1., progress / self.warm_up) if self.warm_up else 1.
        return rise * self._shape(progress)

    def _mix(self, share: float) -> float:
        return self.begin + (self.end - self.begin) * share

    def _linear(self, progress):
        return self._mix(progress)

    def _cosine(self, progress):
        return self._mix((1 - math.cos(math.pi * progress)) / 2)

    def _exponential(self, progress):
        return self.begin * (self.end / self.begin)**progress

    def _step(self, progress):
        passed = sum(progress >= at for at in self.milestones)
        return self._mix(passed / len(self.milestones))

    def _constant(self, progress):
        return self.begin
