"""The main job: all of MLCM-KD on the embedded data, and what it bought.

Renders RGB-thermal face pairs, trains an RGB teacher, distils it into a
thermal student (KTL) and that one into a light student (MCL), trains the same
two students without distillation, and compares all of them on the test split.
Interrupted, it goes on where it was when it is started again.
"""
import argparse
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]
_CONFIGS = Path('configs/thermal_face_2d_keypoint')
_PLAIN = _CONFIGS / 'topdown_heatmap/synthetic'
_DISTILLED = _CONFIGS / 'mlcm_kd/synthetic'


class Model:
    """One row of the table: a training, and the stock config that tests it."""

    def __init__(self, title, config, stock=None, teacher=None):
        self.title = title
        self.config = config
        self.stock = stock or config
        self.teacher = teacher


_TEACHER = _PLAIN / 'td-hm_res18-w32_1xb32-10e_synthetic-rgb-96x96.py'
_STUDENT = _PLAIN / 'td-hm_res18-w32_1xb32-20e_synthetic-thermal-96x96.py'
_LIGHT = _PLAIN / (
    'td-hm_shufflenetv2-w0.5_1xb32-20e_synthetic-thermal-96x96.py')
_MODELS = dict(
    teacher=Model('RGB teacher (tested on RGB)', _TEACHER),
    ktl=Model('thermal student, KTL with DIKD',
              _DISTILLED / 'ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py',
              _STUDENT, 'teacher'),
    mcl=Model(
        'light thermal student, MCL with DIKD', _DISTILLED /
        'mcl-dikd_shufflenetv2-w0.5_1xb32-20e_synthetic-96x96.py', _LIGHT,
        'ktl'),
    student=Model('thermal student, no distillation', _STUDENT),
    light=Model('light thermal student, no distillation', _LIGHT),
)
# The order of the table's rows: each distilled model below its plain twin.
_ROWS = ('teacher', 'student', 'ktl', 'light', 'mcl')
_PICTURE_FACES = 6


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        '--work-dir',
        help='where checkpoints and results go (default: '
        'work_dirs/quickstart, or work_dirs/quickstart_smoke)')
    parser.add_argument(
        '--data-root',
        help='where the embedded data go (default: data/synthetic, or '
        'data/synthetic_smoke)')
    parser.add_argument('--seed', type=int, default=0, help='training seed')
    parser.add_argument(
        '--smoke',
        action='store_true',
        help='every step with tiny settings, in under 3 minutes on 2 cores; '
        'its numbers mean nothing')
    args = parser.parse_args()
    suffix = '_smoke' if args.smoke else ''
    args.work_dir = Path(args.work_dir or f'work_dirs/quickstart{suffix}')
    args.data_root = Path(args.data_root or f'data/synthetic{suffix}')
    return args


def say(text):
    print(f'\n[quickstart] {text}', flush=True)


def fail(problem, remedy):
    sys.exit(f'\n[quickstart] ERROR: {problem}\n[quickstart] REMEDY: {remedy}')


class Progress:
    """Remembers finished steps, so that they are not done again.

    A step is the same if its fingerprint is: a change of a config or of a
    step before it makes it be done anew.
    """

    def __init__(self, work_dir):
        self.path = work_dir / 'progress.json'
        work_dir.mkdir(parents=True, exist_ok=True)
        self.steps = json.loads(
            self.path.read_text()) if self.path.exists() else {}

    def started(self, name, fingerprint):
        """Whether an attempt of this very step was begun before."""
        return self.steps.get(name, {}).get('fingerprint') == fingerprint

    def finished(self, name, fingerprint):
        step = self.steps.get(name, {})
        return self.started(name, fingerprint) and step['finished']

    def record(self, name, fingerprint, seconds, finished):
        if self.started(name, fingerprint) and not self.finished(
                name, fingerprint):  # an interrupted attempt counts too
            seconds += self.steps[name]['seconds']
        self.steps[name] = dict(
            fingerprint=fingerprint,
            seconds=round(seconds, 1),
            finished=finished)
        temporary = self.path.with_suffix('.tmp')
        temporary.write_text(json.dumps(self.steps, indent=1))
        os.replace(temporary, self.path)

    def seconds(self, name):
        return self.steps[name]['seconds']


def fingerprint_of(*parts):
    return hashlib.sha256('\n'.join(map(str, parts)).encode()).hexdigest()


def run(command, log, show=lambda line: None):
    """Runs a command; its output goes to a log and, in part, to the screen.

    Args:
        command (list[str]): What to run.
        log (Path): Where all of the output goes.
        show (Callable): The part of a line to show, or None (the default).
    """
    environment = dict(
        os.environ,
        PYTHONUNBUFFERED='1',
        # Idle compute threads must not spin on cores that load data.
        OMP_WAIT_POLICY=os.environ.get('OMP_WAIT_POLICY', 'PASSIVE'))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('w') as file, subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True) as process:
        for line in process.stdout:
            file.write(line)
            part = show(line.rstrip())
            if part:
                print(f'  {part}', flush=True)
    if process.returncode:
        tail = '\n'.join(log.read_text().splitlines()[-15:])
        fail(f'{" ".join(command)}\nended with {process.returncode}:\n{tail}',
             f'see {log}; after mending the cause, start the quickstart again')


def epoch_line(line):
    """The progress of a training: epoch, ETA and losses."""
    return line[line.index('Epoch('):] if 'Epoch(' in line else None


def make_data(args, progress):
    command = [sys.executable, 'tools/misc/make_synthetic_pairs.py',
               str(args.data_root)]
    if args.smoke:
        command += '--train 32 --val 16 --test 16 --extra 16'.split()
    fingerprint = fingerprint_of(*command[1:])
    # The renderer itself knows what is done; it is asked every time.
    started = time.time()
    done = progress.finished('data', fingerprint)
    # A progress bar needs the terminal itself.
    if subprocess.run(command).returncode:
        fail(f'{" ".join(command)} failed', 'see its message above')
    if not done:
        progress.record('data', fingerprint, time.time() - started, True)
    return fingerprint


def overrides(args):
    """Options of a run that no config file states."""
    options = [f'randomness.seed={args.seed}']
    for loader in ('train', 'val', 'test'):
        options.append(
            f'{loader}_dataloader.dataset.data_root={args.data_root}/')
    if args.smoke:
        options += [
            'train_cfg.max_epochs=1', 'train_cfg.val_interval=1',
            'train_dataloader.batch_size=16',
            'default_hooks.logger.interval=1'
        ]
    return options


def best_checkpoint(args, name):
    found = sorted((args.work_dir / name).glob('best_NME_*.pth'))
    if len(found) != 1:
        fail(f'{args.work_dir / name} holds {len(found)} best checkpoints',
             f'remove {args.work_dir / name} and start the quickstart again')
    return found[0]


def train(args, progress, name, upstream):
    """Trains one model through tools/train.py, or goes on with it."""
    from mmengine.config import Config
    model = _MODELS[name]
    work_dir = args.work_dir / name
    options = overrides(args)
    if model.teacher:
        checkpoint = best_checkpoint(args, model.teacher)
        options.append(f'model.teacher.checkpoint={checkpoint}')
    fingerprint = fingerprint_of(
        Config.fromfile(model.config).pretty_text, *options, upstream)
    if progress.finished(name, fingerprint):
        print('  done before')
        return fingerprint
    if work_dir.exists() and not progress.started(name, fingerprint):
        print(f'  {work_dir} is of other settings: starting anew')
        shutil.rmtree(work_dir)
    progress.record(name, fingerprint, 0, False)
    started = time.time()
    try:
        run([
            sys.executable, 'tools/train.py',
            str(model.config), '--work-dir',
            str(work_dir), '--resume', '--cfg-options', *options
        ], args.work_dir / f'{name}.log', epoch_line)
    except BaseException:
        progress.record(name, fingerprint, time.time() - started, False)
        raise
    progress.record(name, fingerprint, time.time() - started, True)
    return fingerprint


def test(args, progress, name, upstream):
    """Tests a model by its student's stock config through tools/test.py."""
    out = args.work_dir / name
    if not progress.finished(f'test_{name}', upstream):
        started = time.time()
        run([
            sys.executable, 'tools/test.py',
            str(_MODELS[name].stock),
            str(best_checkpoint(args, name)), '--work-dir',
            str(out), '--out',
            str(out / 'metrics.json'), '--dump',
            str(out / 'predictions.pkl'), '--cfg-options', *overrides(args)
        ], args.work_dir / f'{name}_test.log')
        progress.record(f'test_{name}', upstream, time.time() - started, True)
    metrics = json.loads((out / 'metrics.json').read_text())
    print(f'  {_MODELS[name].title}: NME {100 * metrics["NME"]:.2f} %')
    return metrics


def measure(args):
    """Parameters, GFLOPs and time per face of each model, side by side."""
    import mmpose_thermal  # noqa: F401
    from mmpose_thermal.apis import measure_models
    return measure_models(
        {
            name: (str(_MODELS[name].stock), str(best_checkpoint(args, name)))
            for name in _ROWS
        },
        onnx=False)


def write_table(args, rows):
    """The table as Markdown; also saved as JSON."""
    from mmpose_thermal.apis import machine_class
    header = ('model', 'params (M)', 'GFLOPs', 'ms per face', 'NME (%)',
              'FR@0.10 (%)', 'AUC@0.10 (%)')
    lines = [
        f'SYNTHETIC data, {"SMOKE RUN (numbers mean nothing), " * args.smoke}'
        f'training seed {args.seed}, {datetime.date.today()}, '
        f'{machine_class()}',
        '', '| ' + ' | '.join(header) + ' |',
        '|---|' + '---:|' * (len(header) - 1)
    ]
    for name in _ROWS:
        row = rows[name]
        cells = [
            _MODELS[name].title, f'{row["params_m"]:.2f}',
            f'{row["gflops"]:.3f}', f'{row["pytorch_ms"]:.1f}'
        ] + [
            f'{100 * row[key]:.2f}' for key in ('NME', 'FR@0.10', 'AUC@0.10')
        ]
        lines.append('| ' + ' | '.join(cells) + ' |')
    for plain, distilled, level in (('student', 'ktl', 'KTL'),
                                    ('light', 'mcl', 'MCL')):
        change = rows[distilled]['NME'] / rows[plain]['NME'] - 1
        lines += [
            '', f'{level} with DIKD changes NME by {100 * change:+.1f} % '
            'against the same student without distillation (this one seed).'
        ]
    table = '\n'.join(lines) + '\n'
    (args.work_dir / 'results.md').write_text(table)
    (args.work_dir / 'results.json').write_text(json.dumps(rows, indent=1))
    return table


def write_picture(args):
    """Test faces with ground truth and both light models' predictions."""
    import cv2
    import numpy as np
    from mmengine.fileio import load

    from mmpose_thermal.visualization import contact_sheet, draw_landmarks
    # Blue and orange: told apart by colour-blind readers too.
    truth_colour, predicted_colour = (178, 114, 0), (0, 159, 230)
    side = 240
    dumps = {
        name: load(str(args.work_dir / name / 'predictions.pkl'))
        for name in ('light', 'mcl')
    }
    count = len(dumps['light'])
    rows = [[], [], [], []]
    # Faces at equal distances through the split: not chosen by result.
    for index in np.linspace(0, count - 1, _PICTURE_FACES).astype(int):
        sample = dumps['light'][index]
        path = sample['img_path']
        thermal, visible = (
            cv2.imread(p)
            for p in (path, path.replace('/thermal/', '/rgb/')))
        truth = sample['gt_instances']['keypoints'][0]
        low, high = truth.min(0), truth.max(0)
        zoom = side / (1.35 * (high - low).max())
        move = side / 2 - zoom * (low + high) / 2
        affine = np.array([[zoom, 0, move[0]], [0, zoom, move[1]]])

        def crop(image):
            return cv2.warpAffine(
                image, affine, (side, side), flags=cv2.INTER_CUBIC)

        rows[0].append(draw_landmarks(crop(visible), truth * zoom + move,
                                      truth_colour))
        grey = crop(thermal)
        rows[1].append(draw_landmarks(grey, truth * zoom + move,
                                      truth_colour))
        for row, name in ((2, 'light'), (3, 'mcl')):
            predicted = dumps[name][index]['pred_instances']['keypoints'][0]
            face = draw_landmarks(grey, truth * zoom + move, truth_colour)
            rows[row].append(
                draw_landmarks(face, predicted * zoom + move,
                               predicted_colour))
    sheet = contact_sheet(rows, [
        'visible light (synthetic), ground truth blue',
        'thermal (synthetic), ground truth blue',
        'light model without distillation, prediction orange',
        'light model, MCL with DIKD, prediction orange'
    ])
    path = args.work_dir / 'test_faces.png'
    cv2.imwrite(str(path), sheet)
    return path


def main():
    args = parse_args()
    os.chdir(_REPOSITORY)
    progress = Progress(args.work_dir)
    began = time.time()

    say('1/8 the embedded RGB-thermal pairs')
    upstream = make_data(args, progress)
    titles = dict(
        teacher='2/8 RGB teacher',
        ktl='3/8 KTL: the teacher, frozen, teaches a thermal student (DIKD)',
        mcl='4/8 MCL: that student, frozen, teaches a light one (DIKD)',
        student='5/8 the thermal student without distillation',
        light='5/8 the light student without distillation')
    fingerprints = dict()
    for name, title in titles.items():
        say(title)
        before = fingerprints.get(_MODELS[name].teacher, upstream)
        fingerprints[name] = train(args, progress, name, before)

    say('6/8 evaluation on the held-out test split')
    metrics = {
        name: test(args, progress, name, fingerprints[name])
        for name in _ROWS
    }

    say('7/8 table and picture')
    started = time.time()
    sizes = measure(args)
    rows = {name: {**sizes[name], **metrics[name]} for name in _ROWS}
    table = write_table(args, rows)
    picture = write_picture(args)

    say('8/8 ONNX export of the light model')
    student = str(args.work_dir / 'mcl/student_best')
    run([
        sys.executable, 'tools/deployment/export.py', student + '.py',
        student + '.pth', '--out',
        str(args.work_dir / 'light.onnx')
    ], args.work_dir / 'export.log',
        lambda line: line if 'differ' in line else None)
    progress.record('table, picture, export', '', time.time() - started, True)

    say('results\n')
    print(table)
    print('seconds per step: ' + ', '.join(
        f'{name} {progress.seconds(name):.0f}' for name in progress.steps))
    print(f'this run: {(time.time() - began) / 60:.1f} min\n')
    print(f'table:   {args.work_dir / "results.md"}')
    print(f'picture: {picture}')
    print(f'model:   {args.work_dir / "light.onnx"}')


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        print('\n[quickstart] interrupted; started again, it goes on from '
              'there')
        sys.exit(130)
