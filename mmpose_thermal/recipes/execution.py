"""Trains and tests what a recipe lacks, through MMPose's own tools."""
import fcntl
import glob
import hashlib
import json
import os
import os.path as osp
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence

from mmengine.config import Config

from mmpose_thermal.runtime.atomic_file import atomic_file
from ..engine.student import student_config
from .recipe import Recipe, RecipeError, Run

# What changes how fast a run is, but not what comes out of it.
_IRRELEVANT = ('num_workers', 'persistent_workers', 'pin_memory', 'work_dir',
               'launcher', 'env_cfg')
_EPOCH = re.compile(r'Epoch\(train\)\s+\[(\d+)\]\[\s*(\d+)/(\d+)\].*?eta: '
                    r'([^ ]+(?: days?, [^ ]+)?)')


@dataclass
class Launch:
    """How the trainings of a benchmark are spread over a machine or cluster.

    Attributes:
        jobs (int): Trainings at the same time.
        devices (list[str]): GPUs, shared out among them; none: all see all.
        processes (int): Of one training, by torchrun, if more than 1.
        srun (str, optional): Arguments of ``srun``; the trainings are then
            steps of Slurm, with MMEngine's launcher of that name.
    """
    jobs: int = 1
    devices: List[str] = field(default_factory=list)
    processes: int = 1
    srun: Optional[str] = None

    def command(self, tool: List[str], slot: int) -> List[str]:
        """The command line of one tool in one of the ``jobs`` slots."""
        if self.srun is not None:
            return ['srun', *shlex.split(self.srun), *tool,
                    '--launcher', 'slurm']
        if self.processes > 1:
            return [
                sys.executable, '-m', 'torch.distributed.run',
                f'--nproc_per_node={self.processes}',
                f'--master_port={29500 + slot}', *tool[1:], '--launcher',
                'pytorch'
            ]
        return tool

    def environment(self, slot: int) -> Dict[str, str]:
        """The environment of one of the ``jobs`` slots."""
        environment = dict(os.environ, PYTHONUNBUFFERED='1')
        environment.setdefault('OMP_NUM_THREADS', str(max(
            1, (os.cpu_count() or 1) // (self.jobs * self.processes))))
        environment.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
        if self.devices:
            environment['CUDA_VISIBLE_DEVICES'] = ','.join(
                self.devices[slot * self.processes:][:self.processes])
        return environment


class Trial:
    """One run with one seed: a training and its test, in a folder.

    Args:
        run (Run): What is trained.
        seed (int): Training seed.
        root (str): Folder of all runs.
        teacher (Trial, optional): The trial that teaches this one.
    """

    def __init__(self,
                 run: Run,
                 seed: int,
                 root: str,
                 teacher: Optional['Trial'] = None) -> None:
        self.run, self.seed, self.teacher = run, seed, teacher
        self.folder = osp.join(
            root, run.folder, run.name, f'seed{seed}')
        self.options = {'randomness.seed': seed, **run.options}
        self._fingerprints: Dict[str, str] = {}
        if teacher is not None:
            self.options['model.teacher.checkpoint'] = osp.join(
                teacher.folder, 'best_NME_*.pth')
            if any(key.startswith('model.') for key in teacher.run.options):
                # Another network than its config's: what its training dumped.
                self.options['model.teacher.config'] = osp.join(
                    teacher.folder, osp.basename(teacher.run.config))

    @property
    def name(self) -> str:
        return f'{self.run.name}/seed{self.seed}'

    @property
    def errors_file(self) -> str:
        """Where the test leaves the errors of each face."""
        return osp.join(self.folder, 'test_errors.json')

    def config(self) -> Config:
        """The run's config with all options."""
        config = Config.fromfile(self.run.config)
        config.merge_from_dict(dict(self.options))
        return config

    def fingerprints(self) -> Dict[str, str]:
        """Change with whatever changes the training and the test: config and
        options, and the teacher's.
        """
        if not self._fingerprints:  # of a teacher, each pupil asks for them
            fields = _relevant(self.config().to_dict())
            training = {
                key: value
                for key, value in fields.items()
                if not key.startswith(('test_', 'vis', 'log_'))
            }
            above = (self.teacher.fingerprints()['training']
                     if self.teacher else '')
            self._fingerprints = dict(
                training=_digest(training, above), test=_digest(fields, above))
        return self._fingerprints

    def record(self) -> dict:
        """What is remembered of this trial; empty before it was begun."""
        path = osp.join(self.folder, 'trial.json')
        if not osp.exists(path):
            return {}
        with open(path) as file:
            return json.load(file)

    def remember(self, **fields) -> None:
        record = {**self.record(), **fields}
        path = osp.join(self.folder, 'trial.json')
        with atomic_file(path) as unfinished, open(unfinished, 'w') as file:
            json.dump(record, file, indent=1)

    def train_command(self) -> List[str]:
        return [
            sys.executable, 'tools/train.py', self.run.config, '--work-dir',
            self.folder, '--resume', '--cfg-options',
            *_arguments(self.options)
        ]

    def test_command(self) -> List[str]:
        """Tests the student alone; writes its stock config for that."""
        stock = osp.join(self.folder, 'stock.py')
        student_config(self.config()).dump(stock)
        return [
            sys.executable, 'tools/test.py', stock,
            self.best_checkpoint(), '--work-dir',
            osp.join(self.folder, 'test'), '--cfg-options',
            f'test_evaluator.outfile={self.errors_file}'
        ]

    def best_checkpoint(self) -> str:
        found = glob.glob(osp.join(self.folder, 'best_NME_*.pth'))
        if len(found) != 1:
            raise RecipeError(
                f'{self.folder} holds {len(found)} checkpoints '
                'best_NME_*.pth instead of one. The config must choose its '
                'best by NME (default_hooks.checkpoint.save_best="NME").')
        return found[0]


def _relevant(fields):
    if isinstance(fields, dict):
        return {
            key: _relevant(value)
            for key, value in fields.items() if key not in _IRRELEVANT
        }
    if isinstance(fields, (list, tuple)):
        return [_relevant(value) for value in fields]
    return fields


def _digest(fields, above):
    text = json.dumps(fields, sort_keys=True, default=str) + above
    return hashlib.sha256(text.encode()).hexdigest()


def _arguments(options):
    """Options as MMEngine's ``DictAction`` reads them."""

    def text(value):
        if isinstance(value, (list, tuple)):
            return '[' + ','.join(text(item) for item in value) + ']'
        return str(value)

    return [f'{key}={text(value)}' for key, value in options.items()]


def trials_of(recipe: Recipe, root: str) -> Dict[str, List[Trial]]:
    """All trials of a recipe, each after its teacher.

    Args:
        recipe (Recipe): What is trained.
        root (str): Folder of all runs.

    Returns:
        dict[str, list[Trial]]: One a seed, by run.
    """
    trials = {}
    for name, run in recipe.runs.items():
        teachers = {
            trial.seed: trial
            for trial in trials.get(run.teacher or '', ())
        }
        trials[name] = [
            Trial(run, seed, root, teachers.get(seed)) for seed in run.seeds
        ]
    return trials


class _Job:
    """A trial that is being trained or tested in one slot."""

    def __init__(self, trial, slot, launch, lock):
        self.trial, self.slot = trial, slot
        self.launch, self.lock = launch, lock
        self.step = 'test' if trial.record().get('trained') else 'train'
        self.process = None

    def start(self):
        """Starts the step that is next; one that cannot start has failed."""
        self.started = time.time()
        self.log = osp.join(self.trial.folder, f'{self.step}.log')
        with open(self.log, 'w') as log:
            try:
                command = self._command()
            except RecipeError as error:
                log.write(str(error))
                self.process = None
                self.trial.remember(failed=self.step)
                return
            # The lock stays with the training if this program is killed:
            # nobody else can then write into the same folder.
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.launch.environment(self.slot),
                pass_fds=(self.lock.fileno(), ),
                start_new_session=True)

    def _command(self):
        if self.step == 'test':
            return self.trial.test_command()
        self.trial.remember(commit=_commit())
        return self.launch.command(self.trial.train_command(), self.slot)

    def finished(self):
        """Goes on from training to testing; whether all is done."""
        if self.process is None:
            return True
        if self.process.poll() is None:
            return False
        seconds = time.time() - self.started
        if self.process.returncode:
            self.trial.remember(failed=self.step)
            return True
        if self.step == 'train':
            before = self.trial.record().get('train_seconds', 0)
            self.trial.remember(
                trained=True, train_seconds=round(before + seconds, 1))
            self.step = 'test'
            self.start()
            return False
        self.trial.remember(tested=True, failed=None)
        return True

    def stop(self):
        """Ends the training; its last checkpoint stays."""
        if self.process is not None and self.process.poll() is None:
            if self.step == 'train':
                before = self.trial.record().get('train_seconds', 0)
                self.trial.remember(train_seconds=round(
                    before + time.time() - self.started, 1))
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def progress(self):
        """Name, epoch and time left, as far as the log tells."""
        with open(self.log, errors='replace') as log:
            found = _EPOCH.findall(log.read()[-4000:])
        if self.step == 'test' or not found:
            return f'{self.trial.name}: {self.step}'
        epoch, step, steps, eta = found[-1]
        return f'{self.trial.name}: epoch {epoch} [{step}/{steps}], {eta} left'


def last_lines(path: str, count: int = 12) -> str:
    """The end of a log."""
    with open(path, errors='replace') as file:
        return '\n'.join(file.read().splitlines()[-count:])


def execute(recipe: Recipe,
            root: str,
            launch: Launch,
            say: Callable[[str], None],
            interval_s: float = 30) -> Dict[str, List[Trial]]:
    """Trains and tests what is not done yet.

    A trial that fails does not stop the others; those that it teaches are
    left out.

    Args:
        recipe (Recipe): What to do.
        root (str): Folder of all runs. Recipes that share runs share it.
        launch (Launch): Over how many processes.
        say (Callable): Takes lines of progress.
        interval_s (float): Between two such lines, in seconds.

    Returns:
        dict[str, list[Trial]]: All trials by run; ``record()`` tells which
        are done.

    Raises:
        RecipeError: A trial was begun with other settings, or another
            benchmark runs in the same folder.
    """
    os.makedirs(root, exist_ok=True)
    trials = trials_of(recipe, root)
    everything = [trial for group in trials.values() for trial in group]
    with open(osp.join(root, '.lock'), 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RecipeError(
                f'Another benchmark, or a training that one left behind, '
                f'works in {root}. Wait for it, or choose another '
                '--work-dir.') from None
        for trial in everything:
            _begin(trial)
        for command in recipe.prepare:
            say(f'$ {command}')
            arguments = shlex.split(command)
            if arguments[0] == 'python':
                arguments[0] = sys.executable
            if subprocess.run(arguments).returncode:
                raise RecipeError(f'"{command}" failed; see its message above')
        _process_queue(everything, launch, lock, say, interval_s)
    return trials


def _begin(trial):
    fingerprints = trial.fingerprints()
    record = trial.record()
    known = record.get('training', fingerprints['training'])
    if known != fingerprints['training']:
        raise RecipeError(
            f'{trial.folder} was begun with other settings: its config, '
            'options or teacher have changed since. Remove the folder to '
            'train it anew, or choose another --work-dir.')
    tested = (record.get('tested', False)
              and record['test'] == fingerprints['test']
              and osp.exists(trial.errors_file))
    trial.remember(
        **fingerprints,
        tested=tested,
        failed=None)


def _commit():
    """The state of the code, if it is a git checkout."""
    answer = subprocess.run(['git', 'describe', '--always', '--dirty'],
                            capture_output=True, text=True)
    return answer.stdout.strip() or 'unknown'


def _process_queue(trials, launch, lock, say, interval_s):
    waiting = [trial for trial in trials if not trial.record().get('tested')]
    done = len(trials) - len(waiting)
    say(f'{len(trials)} trainings, {done} of them done before')
    jobs: List[_Job] = []
    told = time.time()
    try:
        while waiting or jobs:
            for job in [job for job in jobs if job.finished()]:
                jobs.remove(job)
                done += 1
                failed = job.trial.record().get('failed')
                say(f'[{done}/{len(trials)}] {job.trial.name} ' +
                    (f'FAILED in its {failed}, see {job.log}:\n'
                     f'{last_lines(job.log)}' if failed else 'done'))
            for trial in list(waiting):
                state = trial.teacher.record() if trial.teacher else {}
                if state.get('failed') == 'train' or state.get('left_out'):
                    say(f'{trial.name} is left out: its teacher failed')
                    trial.remember(left_out=True)
                    waiting.remove(trial)
                    done += 1
                elif len(jobs) < launch.jobs and (trial.teacher is None or
                                                  state.get('trained')):
                    trial.remember(left_out=False)
                    slot = min(set(range(launch.jobs)) -
                               {job.slot for job in jobs})
                    # Known before it runs, so that it cannot be left behind.
                    jobs.append(_Job(trial, slot, launch, lock))
                    waiting.remove(trial)
                    jobs[-1].start()
            if time.time() - told > interval_s:
                told = time.time()
                for job in jobs:
                    say(f'[{done}/{len(trials)}] {job.progress()}')
            time.sleep(.2)
    finally:
        for job in jobs:
            job.stop()


def describe(command: Sequence[str]) -> str:
    """A command as one types it."""
    return shlex.join(['python' if part == sys.executable else part
                       for part in command])
