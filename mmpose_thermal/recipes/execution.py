"""Trains and tests the trials of a recipe one after the other with MMPose's tools."""
import collections
import contextlib
import fcntl
import os
import os.path as osp
import re
import shlex
import signal
import subprocess
import sys
import time
from typing import IO, Callable, Dict, Iterator, List

from mmengine.utils import get_git_hash

from ..engine.config_text import format_configs_once
from ..engine.student import student_config
from .recipe import Recipe, RecipeError
from .trial import Trial, TrialError


def require_tools() -> None:
    """Raises RecipeError if this is not the root of the repository."""
    if not osp.isfile('tools/train.py'):
        raise RecipeError('There is no tools/train.py here: run this in the root of '
                          'the repository of mmpose_thermal.')


def trials_of(recipe: Recipe, root: str) -> Dict[str, List[Trial]]:
    """Makes the trials of each run, one per seed, with those that they need."""
    trials: Dict[str, List[Trial]] = {}
    for name, run in recipe.runs.items():
        trials[name] = [
            Trial(run, seed, root, {
                key: trials[needed][index] for key, needed in run.needs.items()
            }) for index, seed in enumerate(recipe.seeds)
        ]
    return trials


def execute(recipe: Recipe, root: str,
            say: Callable[[str], None] = print) -> Dict[str, List[Trial]]:
    """Prepares the data, then trains and tests all unfinished trials.

    A failed trial does not stop the others, but those that need it are skipped.

    Args:
        recipe (Recipe): The recipe.
        root (str): Folder of all runs, common to recipes that share runs.
        say (Callable): Receives progress messages.

    Returns:
        dict[str, list[Trial]]: Result of :func:`trials_of`; ``tested()`` is True for
        finished trials.

    Raises:
        RecipeError: A trial was started with other settings, or preparing the data
            failed.
    """
    format_configs_once()
    by_run = trials_of(recipe, root)
    trials = [trial for group in by_run.values() for trial in group]
    for trial in trials:
        trial.check()
    with locked(root, say):  # only one process may prepare the data
        for command in recipe.prepare:
            _prepare(command, say)
    undone = set()
    for number, trial in enumerate(trials, 1):
        where = f'[{number}/{len(trials)}] {trial.name}'
        missing = [each.name for each in trial.needed.values() if each in undone]
        if trial.tested():
            say(f'{where}: done before')
        elif missing:
            say(f'{where}: left out, since {missing[0]} failed')
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
    """Trains and tests a trial, or resumes it after an interruption."""
    with locked(trial.folder, say) as lock:
        if trial.tested():  # by another process that held the lock
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
        # Test only the student, with the stock config used for deployment.
        student_config(trial.config()).dump(trial.stock_config)
        _run('test', trial, lock, say, {'test_evaluator.outfile': trial.errors_file}, [
            trial.stock_config, trial.lowest_nme_checkpoint(), '--work-dir',
            osp.join(trial.folder, 'test')])
        trial.remember(tested=trial.fingerprint(test=True))


def _run(tool, trial, lock, say, options, arguments):
    """Runs tools/TOOL.py; writes output to TOOL.log and passes progress to ``say``."""
    command = [sys.executable, f'tools/{tool}.py', *arguments, '--cfg-options',
               *(f'{key}={value}' for key, value in options.items())]
    environment = dict(os.environ, PYTHONUNBUFFERED='1')
    # Idle compute threads must not spin on cores needed for loading data.
    environment.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    path, last = osp.join(trial.folder, f'{tool}.log'), collections.deque(maxlen=15)
    # The tool inherits the lock: if this program is killed, the tool still keeps
    # other processes from writing to the same folder.
    with open(path, 'w') as log, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment, pass_fds=(lock.fileno(), ),
            start_new_session=True) as process:
        try:
            for line in process.stdout:
                log.write(line)
                last.append(line)
                if '(train)' in line:
                    start = re.search(r'\w+\(train\)', line).start()
                    say('  ' + line[start:].rstrip())
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise TrialError(f'tools/{tool}.py exited with {process.returncode}, see '
                         f'{path}:\n{"".join(last)}')


@contextlib.contextmanager
def locked(folder: str, say: Callable[[str], None]) -> Iterator[IO]:
    """Locks the folder, waiting for other processes if necessary."""
    os.makedirs(folder, exist_ok=True)
    with open(osp.join(folder, '.lock'), 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f'waiting for another process that is using {folder}')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
