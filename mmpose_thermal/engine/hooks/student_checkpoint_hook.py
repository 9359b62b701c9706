import os.path as osp

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpose.registry import HOOKS

from mmpose_thermal.models import CrossModalDistiller

from ..student import extract_student

_PREFIX = 'student.'
_REST = 'distiller_state_dict'


class _JoinCheckpointHook(Hook):
    """Undoes on loading what :class:`StudentCheckpointHook` does on saving.

    A hook of its own, because what is done last on saving comes first on
    loading: EMA's hook must find the distiller's own keys.
    """

    priority = 'VERY_HIGH'

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        student = checkpoint.get('state_dict', checkpoint)
        checkpoint['state_dict'] = {
            **{_PREFIX + key: value
               for key, value in student.items()},
            **checkpoint.pop(_REST, {})
        }


@HOOKS.register_module()
class StudentCheckpointHook(Hook):
    """Saves a distiller's checkpoints as checkpoints of its student.

    ``state_dict`` holds the student's keys as its own stock config names
    them, so that it loads without a conversion. What else is trained (the
    connectors) goes beside it, under ``distiller_state_dict``, so that the
    run can be resumed. The teacher is not in a checkpoint at all. A
    checkpoint of the student alone, from plain training, loads too.

    The best one so far, without what only training needs, is kept as
    ``student_best.pth`` in the work directory, with the stock config
    ``student_best.py`` beside it.

    Raises:
        TypeError: The model that is trained is no ``CrossModalDistiller``.
    """

    # After hooks that change the weights to be saved, such as EMA's, and
    # after the best checkpoint has been chosen.
    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._exported = None

    def before_run(self, runner) -> None:
        """Checks that the model is a distiller."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        if not isinstance(model, CrossModalDistiller):
            raise TypeError(
                'StudentCheckpointHook is for CrossModalDistiller, but the '
                f'model is a {type(model).__name__}. Remove it from '
                '`default_hooks` or `custom_hooks`.')
        if not any(isinstance(h, _JoinCheckpointHook) for h in runner.hooks):
            runner.register_hook(_JoinCheckpointHook())

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Splits the distiller's weights into the student's and the rest."""
        student, rest = {}, {}
        for key, value in checkpoint['state_dict'].items():
            if key.startswith(_PREFIX):
                student[key[len(_PREFIX):]] = value
            else:
                rest[key] = value
        checkpoint['state_dict'] = student
        checkpoint[_REST] = rest

    @master_only
    def after_val_epoch(self, runner, metrics=None) -> None:
        """Exports the best checkpoint if there is a new one."""
        best = next((value for key, value in
                     runner.message_hub.runtime_info.items()
                     if key.startswith('best_ckpt')), None)
        if best is None or best == self._exported:
            return
        extract_student(runner.cfg, best,
                        osp.join(runner.work_dir, 'student_best.pth'))
        self._exported = best
        runner.logger.info(f'The student of {osp.basename(best)} is exported '
                           'to student_best.pth, with student_best.py.')

    @master_only
    def after_train(self, runner) -> None:
        """Says so if there was no best checkpoint to export."""
        # A run that was killed in the last export has nothing else to do.
        self.after_val_epoch(runner)
        if self._exported is None:
            runner.logger.warning(
                'There is no student_best.pth: no checkpoint was chosen as '
                'the best one. Set default_hooks.checkpoint.save_best to a '
                'metric and validate, or run tools/misc/extract_student.py.')
