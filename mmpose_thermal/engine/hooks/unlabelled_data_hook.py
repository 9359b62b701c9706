from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpose.registry import HOOKS


@HOOKS.register_module()
class UnlabelledDataHook(Hook):
    """Refuses unlabelled samples for a model that cannot learn from them.

    The model would skip them silently, since their keypoint weights are 0.

    Raises:
        ValueError: A data set keeps unlabelled faces, but the model is not a
            ``CrossModalDistiller`` with ``unlabelled=dict(...)``.
    """

    def before_train(self, runner) -> None:
        """Checks the training data.

        Args:
            runner (Runner): The run.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        if getattr(model, 'teacher_labels', None) is not None:
            return
        for dataset in leaves(runner.train_dataloader.dataset):
            kept = getattr(dataset, 'unlabelled', 'leave_out')
            if kept != 'leave_out':
                raise ValueError(
                    f'{dataset.ann_file}: unlabelled="{kept}" needs a '
                    'CrossModalDistiller with `unlabelled=dict()`, whose teacher '
                    f'takes the place of the labels; the model is a '
                    f'{type(model).__name__}. Set it, or remove `unlabelled` from '
                    'the data set.')


def leaves(dataset):
    """The data sets inside of wrappers."""
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from leaves(part)
    elif hasattr(dataset, 'dataset'):
        yield from leaves(dataset.dataset)
    else:
        yield dataset
