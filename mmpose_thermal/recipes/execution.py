"""Trains and tests what a recipe lacks, one after the other, by MMPose's tools."""
import collections
import contextlib
import fcntl
import os
import os.path as osp
import shlex
import signal
import subprocess
import sys
import time
from typing import Callable, Dict, List, Optional

from mmengine.utils import get_git_hash

from ..engine.student import student_config
from .recipe import Recipe, RecipeError
from .trial import Trial, TrialError


def trials_of(recipe: Recipe, root: str) -> Dict[str, List[Trial]]:
    """All trials below a folder by run, one a seed, each after its teacher."""
    trials: Dict[str, List[Trial]] = {}
    for name, run in recipe.runs.items():
        teachers: List[Optional[Trial]] = [None] * len(recipe.seeds)
        if run.teacher is not None:
            teachers = [*trials[run.teacher]]
        trials[name] = [Trial(run, seed, root, teacher)
                        for seed, teacher in zip(recipe.seeds, teachers)]
    return trials


def execute(recipe: Recipe, root: str,
            say: Callable[[str], None] = print) -> Dict[str, List[Trial]]:
    """Makes the data, then trains and tests what is not done yet.

    A trial that fails does not stop the others; those that it teaches are left out.

    Args:
        recipe (Recipe): What to do.
        root (str): Folder of all runs. Recipes that share runs share it.
        say (Callable): Takes lines of progress.

    Returns:
        dict[str, list[Trial]]: Of :func:`trials_of`; ``tested()`` tells what is done.

    Raises:
        RecipeError: A trial was begun with other settings, or the data cannot be made.
    """
    by_run = trials_of(recipe, root)
    trials = [trial for group in by_run.values() for trial in group]
    for trial in trials:
        trial.check()
    with _locked(root, say):  # the data are made by one process at a time
        for command in recipe.prepare:
            _prepare(command, say)
    undone = set()
    for number, trial in enumerate(trials, 1):
        where = f'[{number}/{len(trials)}] {trial.name}'
        if trial.tested():
            say(f'{where}: done before')
        elif trial.teacher in undone:
            say(f'{where}: left out, since its teacher failed')
            undone.add(trial)
        else:
            say(f'{where}: {trial.run.title}')
            try:
                _complete(trial, say)
            except TrialError as error:
                say(f'{where}: FAILED: {error}')
                undone.add(trial)
    return by_run


def _prepare(command, say):
    say(f'$ {command}')
    arguments = shlex.split(command)
    if arguments[0] == 'python':
        arguments[0] = sys.executable
    if subprocess.run(arguments).returncode:
        raise RecipeError(f'"{command}" failed; see its message above')


def _complete(trial, say):
    """Trains and tests, or goes on where either was interrupted."""
    with _locked(trial.folder, say) as lock:
        if trial.tested():  # by the process that had the lock
            return
        if not trial.record().get('trained'):
            trial.remember(training=trial.fingerprint(), commit=get_git_hash(digits=7))
            before, started = trial.record().get('train_seconds', 0), time.time()
            try:
                _run('train', trial, lock, say, trial.options, [
                    trial.run.config, '--work-dir', trial.folder, '--resume'])
            finally:
                trial.remember(train_seconds=round(before + time.time() - started, 1))
            trial.remember(trained=True)
        # The student alone, by the stock config that it is deployed with.
        student_config(trial.config()).dump(trial.stock_config)
        _run('test', trial, lock, say, {'test_evaluator.outfile': trial.errors_file}, [
            trial.stock_config, trial.lowest_nme_checkpoint(), '--work-dir',
            osp.join(trial.folder, 'test')])
        trial.remember(tested=trial.fingerprint(test=True))


def _run(tool, trial, lock, say, options, arguments):
    """Runs tools/TOOL.py; its output goes to TOOL.log, its progress to ``say``."""
    command = [sys.executable, f'tools/{tool}.py', *arguments, '--cfg-options',
               *(f'{key}={value}' for key, value in options.items())]
    environment = dict(os.environ, PYTHONUNBUFFERED='1')
    # Idle compute threads must not spin on cores that load data.
    environment.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    path, last = osp.join(trial.folder, f'{tool}.log'), collections.deque(maxlen=15)
    # The tool keeps the lock if this program is killed, so that no second one can
    # write into the same folder.
    with open(path, 'w') as log, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment, pass_fds=(lock.fileno(), ),
            start_new_session=True) as process:
        try:
            for line in process.stdout:
                log.write(line)
                last.append(line)
                if 'Epoch(train)' in line:
                    say('  ' + line[line.index('Epoch(train)'):].rstrip())
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise TrialError(f'tools/{tool}.py ended with {process.returncode}, see '
                         f'{path}:\n{"".join(last)}')


@contextlib.contextmanager
def _locked(folder, say):
    """Waits until no other process works in the folder."""
    os.makedirs(folder, exist_ok=True)
    with open(osp.join(folder, '.lock'), 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f'waiting for another process that works in {folder}')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
