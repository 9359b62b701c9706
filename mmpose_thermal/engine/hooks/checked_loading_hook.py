import os.path as osp

from mmengine.hooks import Hook
from mmengine.runner import find_latest_checkpoint
from mmpose.registry import HOOKS

from mmpose_thermal.checkpoints import check_checkpoint


@HOOKS.register_module()
class CheckedLoadingHook(Hook):
    """Looks into the checkpoint of a run before MMEngine loads it.

    MMEngine runs what a checkpoint tells it to, if it is no mere weights;
    see :func:`mmpose_thermal.checkpoints.load_checkpoint`.

    Raises:
        FileNotFoundError: ``load_from``, or what ``last_checkpoint`` names,
            does not exist.
        ValueError: It is damaged, or holds more than weights.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner) -> None:
        """Looks into ``load_from``, or what the run is resumed from.

        Args:
            runner (Runner): The run, for training or testing.
        """
        path, pointer = runner.cfg.get('load_from'), None
        if path is None and runner.cfg.get('resume'):
            pointer = osp.join(runner.work_dir, 'last_checkpoint')
            path = find_latest_checkpoint(runner.work_dir)
        if path is None:
            return
        try:
            check_checkpoint(path)
        except FileNotFoundError as error:
            if pointer is None:
                raise
            raise FileNotFoundError(
                f'{error} It is what {pointer} names: write another one '
                'there, or remove that file to begin anew.')
