"""One training of a recipe, and its record."""
import glob
import hashlib
import inspect
import json
import os.path as osp
from functools import lru_cache
from typing import Dict, Optional

import mmengine
from mmengine.config import Config
from mmengine.runner import Runner

from mmpose_thermal.runtime.atomic_file import atomic_file
from .recipe import RecipeError, Run

# The fields of a config that MMEngine reads, and that which tells data of equal
# paths apart; others are a config's own variables.
_FIELDS = frozenset(inspect.signature(Runner).parameters) | {'data_digest'}
# Settings that affect the speed of a run, or only check it, but not its result.
_IRRELEVANT = ('num_workers', 'persistent_workers', 'pin_memory', 'work_dir',
               'launcher', 'env_cfg', 'unlabelled_data')


class TrialError(RuntimeError):
    """A training or test failed."""


class Trial:
    """One run with one seed: a training and its test, in a separate folder.

    Args:
        run (Run): The run.
        seed (int): Training seed.
        root (str): Folder of all runs.
        needed (dict[str, Trial]): The trials that this one needs, by the field of the
            run that names them.
    """

    def __init__(self, run: Run, seed: int, root: str,
                 needed: Optional[Dict[str, 'Trial']] = None) -> None:
        self.run, self.seed, self.needed = run, seed, needed or {}
        self.name = f'{run.name}/seed{seed}'
        self.folder = osp.join(root, run.folder, self.name)
        self.stock_config = osp.join(self.folder, 'stock.py')
        self.errors_file = osp.join(self.folder, 'test_errors.json')
        self.options = {'randomness.seed': seed, **run.options}
        for option in run.checkpoints:
            self.options[option] = osp.join(
                self.needed[option].folder, 'student_best.pth')
        teacher = self.needed.get('teacher')
        if teacher is not None:
            self.options['model.teacher.checkpoint'] = osp.join(
                teacher.folder, 'best_NME_*.pth')
            if any(key.startswith('model.') for key in teacher.run.options):
                # Options changed the network, so use the config its training saved.
                self.options['model.teacher.config'] = osp.join(
                    teacher.folder, osp.basename(teacher.run.config))

    def config(self) -> Config:
        """Returns the run's config with all options."""
        config = Config.fromfile(self.run.config)
        config.merge_from_dict(dict(self.options))
        return config

    @lru_cache(maxsize=None)
    def fingerprint(self, test: bool = False) -> str:
        """Hashes the settings of training (and test), and of needed trials."""
        fields = {
            key: value for key, value in self.config().to_dict().items()
            if key in _FIELDS
            and (test or not key.startswith(('test_', 'vis', 'log_')))
        }
        above = ''.join(trial.fingerprint() for trial in self.needed.values())
        text = json.dumps(_relevant(fields), sort_keys=True, default=str) + above
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self) -> None:
        """Raises RecipeError if the trial was begun with other settings."""
        if self.record().get('training', self.fingerprint()) != self.fingerprint():
            raise RecipeError(
                f'{self.folder} was begun with other settings: its config, options or '
                'teachers have changed since. Remove the folder to train it again, or '
                'choose another --work-dir.')

    def record(self) -> dict:
        """Reads the record of this trial; empty if it has not been started."""
        path = osp.join(self.folder, 'trial.json')
        return mmengine.load(path) if osp.exists(path) else {}

    def remember(self, **fields) -> None:
        """Adds fields to the record."""
        with atomic_file(osp.join(self.folder, 'trial.json')) as unfinished:
            mmengine.dump({**self.record(), **fields}, unfinished, 'json', indent=1)

    def tested(self) -> bool:
        """Whether the trial is finished."""
        return (self.record().get('tested') == self.fingerprint(test=True)
                and osp.exists(self.errors_file))

    def lowest_nme_checkpoint(self) -> str:
        """The checkpoint with the lowest NME on the validation split."""
        found = glob.glob(osp.join(self.folder, 'best_NME_*.pth'))
        if len(found) != 1:
            raise TrialError(
                f'{self.folder} holds {len(found)} checkpoints best_NME_*.pth instead '
                'of one. The config must keep the one with the lowest NME '
                '(default_hooks.checkpoint.save_best="NME").')
        return found[0]


def _relevant(fields):
    if isinstance(fields, dict):
        return {key: _relevant(value) for key, value in fields.items()
                if key not in _IRRELEVANT}
    if isinstance(fields, (list, tuple)):
        return [_relevant(value) for value in fields]
    return fields
