from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpose.registry import HOOKS

from mmpose_thermal.models import CrossModalDistiller

_PREFIX = 'student.'
_REST = 'distiller_state_dict'


@HOOKS.register_module()
class StudentCheckpointHook(Hook):
    """Saves a distiller's checkpoints as checkpoints of its student.

    ``state_dict`` holds the student's keys as its own stock config names
    them, so that it loads without a conversion. What else is trained (the
    connectors) goes beside it, under ``distiller_state_dict``, so that the
    run can be resumed. The teacher is not in a checkpoint at all.

    Raises:
        TypeError: The model that is trained is no ``CrossModalDistiller``.
    """

    # After hooks that change the weights to be saved, such as EMA's.
    priority = 'VERY_LOW'

    def before_run(self, runner) -> None:
        """Checks that the model is a distiller."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        if not isinstance(model, CrossModalDistiller):
            raise TypeError(
                'StudentCheckpointHook is for CrossModalDistiller, but the '
                f'model is a {type(model).__name__}. Remove it from '
                '`custom_hooks`.')

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

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Joins them again.

        Also takes a checkpoint of the student alone, from plain training.
        """
        student = checkpoint.get('state_dict', checkpoint)
        checkpoint['state_dict'] = {
            **{_PREFIX + key: value
               for key, value in student.items()},
            **checkpoint.pop(_REST, {})
        }
