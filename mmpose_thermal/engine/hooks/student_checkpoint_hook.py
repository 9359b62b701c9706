import ntpath
import os
import os.path as osp

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpose.registry import HOOKS

from mmpose_thermal.checkpoints import load_checkpoint
from mmpose_thermal.models import CrossModalDistiller

from ..student import extract_student
from .checked_loading_hook import REST, CheckedLoadingHook

_PREFIX = 'student.'


@HOOKS.register_module()
class StudentCheckpointHook(Hook):
    """Saves a distiller's checkpoints as checkpoints of its student.

    ``state_dict`` holds the student's keys as its stock config names them, so
    it loads without conversion. The connectors, which are also trained, go
    under ``distiller_state_dict``; :class:`CheckedLoadingHook` combines both
    when a run is resumed. Checkpoints never contain the teacher.

    The best student so far is kept as ``student_best.pth`` in the work
    directory, without training state, beside its stock config
    ``student_best.py``.

    Raises:
        TypeError: The model is not a ``CrossModalDistiller``.
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
        if not any(isinstance(h, CheckedLoadingHook) for h in runner.hooks):
            # The hooks are being called; this round misses the new one.
            hook = CheckedLoadingHook()
            runner.register_hook(hook)
            hook.before_run(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Splits the distiller's weights into the student's and the rest."""
        student, rest = {}, {}
        for key, value in checkpoint['state_dict'].items():
            if key.startswith(_PREFIX):
                student[key[len(_PREFIX):]] = value
            else:
                rest[key] = value
        checkpoint['state_dict'] = student
        checkpoint[REST] = rest

    @master_only
    def after_val_epoch(self, runner, metrics=None) -> None:
        """Exports the best checkpoint if there is a new one."""
        noted = next((value for key, value in
                     runner.message_hub.runtime_info.items()
                     if key.startswith('best_ckpt')), None)
        if noted is None or noted == self._exported:
            return
        # The noted path predates a move of the work directory.
        best = noted if osp.isfile(noted) else osp.join(
            runner.work_dir, ntpath.basename(noted))
        if not osp.isfile(best):
            runner.logger.warning(
                f'The best checkpoint {noted} is no longer in '
                f'{runner.work_dir}: student_best.pth stays unchanged until '
                'there is a better one.')
            return
        if self._exported is None:
            self._keep_a_later_one(runner, osp.basename(best))
        extract_student(runner.cfg, best,
                        osp.join(runner.work_dir, 'student_best.pth'))
        self._exported = noted
        runner.logger.info(f'Exported the student of {osp.basename(best)} '
                           'to student_best.pth, with student_best.py.')

    def _keep_a_later_one(self, runner, best: str) -> None:
        """Keeps the best student of later epochs when an earlier one is resumed.

        A better checkpoint of the resumed run would otherwise replace it.
        """
        former = osp.join(runner.work_dir, 'student_best.pth')
        if not osp.isfile(former):
            return
        try:
            meta = load_checkpoint(former, 'meta').get('meta', {})
        except ValueError:  # damaged: it is about to be replaced
            return
        source = meta.get('student_of')
        if source in (None, best) or not osp.isfile(
                osp.join(runner.work_dir, source)):
            return
        aside = osp.join(runner.work_dir, f'student_of_{source}')
        for suffix in ('.pth', '.py'):
            os.replace(osp.splitext(former)[0] + suffix,
                       osp.splitext(aside)[0] + suffix)
        runner.logger.warning(f'The student of {source}, a later epoch than '
                              f'this run resumed from, is kept as {aside}.')

    @master_only
    def after_train(self, runner) -> None:
        """Warns if there was no best checkpoint to export."""
        # A run killed in its last export has only this left to do.
        self.after_val_epoch(runner)
        if not osp.isfile(osp.join(runner.work_dir, 'student_best.pth')):
            runner.logger.warning(
                'There is no student_best.pth, because no checkpoint was '
                'chosen as the best. Set default_hooks.checkpoint.save_best to a '
                'metric and validate, or run tools/misc/extract_student.py.')
