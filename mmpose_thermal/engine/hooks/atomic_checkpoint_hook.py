import glob
import ntpath
import os
import os.path as osp
from typing import Iterable, Tuple

from mmengine.dist import is_main_process, master_only
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import HOOKS

from mmpose_thermal.runtime.atomic_file import UNFINISHED
from ..config_text import format_configs_once
from ..storage import ATOMIC, AtomicLocalBackend

_VALIDATED = 'validated'
_RETIRED = 'retired_ckpts'


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook`` for runs that may be killed at any time.

    Arguments and files are the same. At every moment, the checkpoint that
    ``last_checkpoint`` names exists and is complete:

    - It writes checkpoints and ``last_checkpoint`` to temporary files and moves
      them into place.
    - It removes an outdated checkpoint, or the former best one, only after
      recording its successor, which notes what is left to remove.
    - A resumed run first validates a checkpoint that was saved but not
      validated. The best checkpoint is then that of an uninterrupted run.
    - A work directory may be moved or copied between two runs. Nothing outside
      it is removed.

    Checkpoints outside a local disk are left to their storage backend.
    """

    def before_run(self, runner) -> None:
        """Keeps MMEngine from formatting the config for each checkpoint."""
        format_configs_once()

    def before_train(self, runner) -> None:
        """Sets up the storage and makes up for a missed validation.

        Args:
            runner (Runner): The run.
        """
        super().before_train(runner)
        if type(self.file_backend) is LocalBackend:  # type: ignore[has-type]
            self.backend_args = dict(ATOMIC)
            self.file_backend = AtomicLocalBackend()
            self._remove_leftovers()
        last = runner.message_hub.runtime_info.get('last_ckpt')
        if last:  # or MMEngine would not save again what has become the best
            self.last_ckpt = self._path_of(ntpath.basename(last))
        self._find_best(runner)
        self._remove_retired(runner)
        if _awaits_validation(runner):
            runner.logger.info('The run was interrupted before this checkpoint '
                               'was validated: validating it first.')
            runner.val_loop.run()

    @master_only
    def _remove_leftovers(self) -> None:
        """Removes the partial files of a killed run."""
        for path in glob.glob(
                osp.join(glob.escape(self.out_dir), '*.pth' + UNFINISHED)):
            os.remove(path)

    def _find_best(self, runner) -> None:
        """Updates the paths of best checkpoints if the run has moved."""
        for name, path in self._best().items():
            here = self._path_of(ntpath.basename(path or ''))
            if path and self.file_backend.isfile(here):
                self._set_best({**self._best(), name: here})
                runner.message_hub.update_info(
                    'best_ckpt' if name is None else f'best_ckpt_{name}', here)

    def after_val_epoch(self, runner, metrics) -> None:
        """Saves the best checkpoint.

        Args:
            runner (Runner): The run.
            metrics (dict): The results of the validation.
        """
        position, _ = _progress(runner.train_loop)
        runner.message_hub.update_info(_VALIDATED, position)
        super().after_val_epoch(runner, metrics)

    def _save_checkpoint_with_step(self, runner, step, meta) -> None:
        # As in MMEngine, in another order.
        outdated = []
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            while len(self.keep_ckpt_ids) >= self.max_keep_ckpts:
                outdated.append(
                    self.filename_tmpl.format(self.keep_ckpt_ids.popleft()))
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids',
                                           list(self.keep_ckpt_ids))
        self._retire(runner, outdated)
        self.last_ckpt = self._path_of(self.filename_tmpl.format(step))
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            self.filename_tmpl.format(step),
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args)
        if is_main_process():
            AtomicLocalBackend().put(
                self.last_ckpt.encode(),
                osp.join(runner.work_dir, 'last_checkpoint'))
        self._remove_retired(runner)

    def _save_best_checkpoint(self, runner, metrics) -> None:
        if not self.save_best:
            return
        before = self._best()
        self._retire(runner, (osp.basename(path) for path in before.values()
                              if path and path == self._path_of(osp.basename(path))))
        # MMEngine removes the ones it knows before it writes.
        self._set_best(dict.fromkeys(before))
        super()._save_best_checkpoint(runner, metrics)
        after = self._best()
        self._set_best({name: after[name] or path
                        for name, path in before.items()})
        self._remove_retired(runner)

    def _retire(self, runner, names: Iterable[str]) -> None:
        """Notes files that go as soon as they have a successor."""
        info = runner.message_hub.runtime_info
        runner.message_hub.update_info(
            _RETIRED, [*info.get(_RETIRED, ()), *names])

    def _remove_retired(self, runner) -> None:
        """Removes what was noted, also by a killed run, but not the best ones."""
        info = runner.message_hub.runtime_info
        best = {ntpath.basename(path) for key, path in info.items()
                if key.startswith('best_ckpt') and path}
        if is_main_process():
            for name in info.get(_RETIRED, ()):
                if name not in best:
                    self._remove(self._path_of(name))
        runner.message_hub.update_info(_RETIRED, [])

    def _best(self) -> dict:
        """Paths of the best checkpoints by metric; a single metric has no name."""
        if not self.save_best:
            return {}
        if len(self.key_indicators) == 1:
            return {None: self.best_ckpt_path}
        return dict(self.best_ckpt_path_dict)

    def _set_best(self, paths: dict) -> None:
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = paths[None]
        else:
            self.best_ckpt_path_dict.update(paths)

    def _path_of(self, name: str) -> str:
        return self.file_backend.join_path(self.out_dir, name)

    def _remove(self, path: str) -> None:
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # DeepSpeed's
            self.file_backend.rmtree(path)


def _progress(loop) -> Tuple[int, int]:
    """Finished and total epochs, or iterations."""
    if isinstance(loop, EpochBasedTrainLoop):
        return loop.epoch, loop.max_epochs
    return loop.iter, loop.max_iters


def _awaits_validation(runner) -> bool:
    """Whether a resumed run begins where validation was due but not done."""
    loop = runner.train_loop
    position, last = _progress(loop)
    if runner.val_loop is None or not position or \
            runner.message_hub.runtime_info.get(_VALIDATED) == position:
        return False
    loop._decide_current_val_interval()
    return position >= loop.val_begin and (
        position % loop.val_interval == 0 or position == last)
