"""The report of a distillation, as Markdown with pictures."""
import datetime
import os
import os.path as osp
import shutil
import warnings
from typing import Dict, List

import numpy as np

from mmpose_thermal.apis import ThermalLandmarker, machine_class, measure_models
from mmpose_thermal.datasets.image_files import image_folder
from mmpose_thermal.evaluation import FaceErrors, failure_rate
from mmpose_thermal.recipes import Trial
from mmpose_thermal.runtime.atomic_file import write_text

from .agreement import errors_of, measurable
from .pictures import draw_examples, plot_trainings

_SHIPPED, _OURS = 'shipped light model', 'this model'
_LARGE = 'large thermal network, after level 1'
_AGREEMENT = (
    '**Agreement, not accuracy.** The table says how far each model is from the '
    'labels of the held-out faces, in % of the distance between the outer eye '
    'corners. {origin} No training has seen these faces (held out: {by}), and they '
    'did not choose the checkpoint.')
_BY_TEACHER = ('Nobody placed these labels: the teacher found the points in the RGB '
               'images, and the registration moved them to the thermal ones. Both '
               'make errors, which a model that agrees with them repeats.')
_BY_FILE = 'The labels are those of the annotation file.'
_NEXT = """\
* Look at the contact sheet first. If the points are beside the faces, the registration
  is wrong: label the pairs with other settings (`mmpose-thermal label --help`), and
  start this command with the annotation file that results.
* If points sit well on the RGB faces but the thermal ones have moved, the cameras were
  not synchronous: leave out pairs with fast movements.
* More people, poses and distances help more than more frames of the same person. From
  {both} labelled faces on, a large thermal network is trained first.
* If the model agrees with the teacher but is worse on labelled faces (`--test`), the
  teacher is the limit: use a better one, or correct its labels by hand.
* Label some thermal faces by hand, and give them with `--test`: nothing else tells
  whether the model is better than the shipped one."""


def write_report(out_dir: str, settings: dict, results: Dict[str, dict],
                 trials: Dict[str, Trial], both: int) -> str:
    """Writes ``README.md`` and its pictures.

    Args:
        out_dir (str): Folder of the report.
        settings (dict): What the command was told, by name.
        results (dict[str, dict]): Results of the stages by name.
        trials (dict[str, Trial]): The trainings by name.
        both (int): Number of labelled faces from which both levels are trained.

    Returns:
        str: Path of the Markdown file.
    """
    os.makedirs(out_dir, exist_ok=True)
    data, exported = results['data'], results['export']
    models = {_SHIPPED: ThermalLandmarker(),
              _OURS: ThermalLandmarker(exported['model'])}
    metainfo, faces, _ = measurable(data['held_out'], data['root'])
    held_out = {title: errors_of(model, metainfo, faces)
                for title, model in models.items()}
    rows = dict(held_out)
    if 'large' in trials:
        rows[_LARGE] = FaceErrors.load(
            trials['large'].errors_file)
    text = ['# A landmark model from your pairs', '', _summary(held_out, data), '',
            *_input(out_dir, results), *_training(out_dir, results, trials),
            f'## Agreement on {data["measured"]} held-out faces', '',
            _AGREEMENT.format(by=data['held_out_by'],
                              origin=_BY_FILE if data['given'] else _BY_TEACHER),
            '', *_errors(rows), '', *_worse_teacher(rows),
            '![Held-out thermal faces: labels blue, predictions orange](' +
            osp.basename(draw_examples(osp.join(out_dir, 'held_out.jpg'), held_out,
                                       data['held_out'])) + ')', '']
    if settings.get('test'):
        text += _test(models, settings['test'])
    text += [*_model(exported, trials['light']), '## Settings', '',
             *(f'* {name}: `{value}`' for name, value in settings.items()),
             f'* date: {datetime.date.today()}, machine: {machine_class()}', '',
             '## If the result is poor', '', _NEXT.format(both=both), '']
    path = osp.join(out_dir, 'README.md')
    write_text(path, '\n'.join(text))
    return path


def _summary(held_out, data):
    before, after = (100 * np.nanmean(faces.nme()) for faces in held_out.values())
    few = '' if data['measured'] >= 30 else \
        ' These are few faces: the difference may be chance.'
    return (f'On {data["measured"]} held-out faces the mean distance from the labels '
            f'was {before:.2f} % with the shipped model and is {after:.2f} % with '
            f'this one (agreement, not accuracy).{few}')


def _input(out_dir, results) -> List[str]:
    """What went in, with the contact sheet."""
    label, data = results['label'], results['data']
    rows = [('pairs read', label['pairs'])] if 'pairs' in label else []
    if 'faces' in label:
        rows += [('faces labelled', label['faces']),
                 ('of their points', f'{100 * label["points_share"]:.0f} %'),
                 ('mean score of these points', f'{label["mean_score"]:.2f}')]
        rows += [(f'dropped: {reason}', count)
                 for reason, count in label['dropped'].items()]
    rows += [('labelled faces to train on', data['labelled']),
             ('faces without labels to train on', data['unlabelled']),
             (f'faces held out ({data["held_out_by"]})', data['measured']),
             ('rendered faces mixed in', data['rendered'])]
    text = ['## What went in', '', '| | |', '|---|---:|',
            *(f'| {name} | {value} |' for name, value in rows), '']
    if label.get('sheet') and osp.exists(label['sheet']):
        name = 'labels' + osp.splitext(label['sheet'])[1]
        shutil.copyfile(label['sheet'], osp.join(out_dir, name))
        text += [f'![Labels that training uses]({name})', '']
    return text


def _training(out_dir, results, trials) -> List[str]:
    """What was trained and why, with the curves."""
    picture = plot_trainings(
        osp.join(out_dir, 'training.png'),
        {trial.run.title: trial.folder for trial in trials.values()})
    minutes = sum(trial.record()['train_seconds'] for trial in trials.values()) / 60
    return ['## What was trained', '', results['train']['about'],
            f'Training took {minutes:.1f} minutes.', '',
            f'![Losses]({osp.basename(picture)})', '']


def _errors(rows: Dict[str, FaceErrors]) -> List[str]:
    table = ['| model | mean (%) | median (%) | faces above 10 % |',
             '|---|---:|---:|---:|']
    for title, faces in rows.items():
        errors = faces.nme()
        errors = 100 * errors[~np.isnan(errors)]
        table.append(f'| {title} | {errors.mean():.2f} | {np.median(errors):.2f} | '
                     f'{100 * failure_rate(errors, 10.):.0f} % |')
    return table


def _worse_teacher(rows) -> List[str]:
    """A warning if level 2 had a teacher that knew less than its student."""
    if _LARGE not in rows or \
            np.nanmean(rows[_LARGE].nme()) <= np.nanmean(rows[_SHIPPED].nme()):
        return []
    return ['**The large network is worse than the shipped light one**, so it had '
            'little to teach. Try `--levels direct`, or more pairs and epochs.', '']


def _test(models, ann_file: str) -> List[str]:
    """Errors on a labelled file of the user's."""
    metainfo, faces, others = measurable(ann_file, image_folder(ann_file))
    rows = {title: errors_of(model, metainfo, faces)
            for title, model in models.items()}
    left_out = f' {others} more lack an outer eye corner.' if others else ''
    return [f'## Error on {len(faces)} labelled faces', '',
            f'Normalised mean error on `{ann_file}`, in its boxes, in % of the '
            f'distance between the outer eye corners.{left_out}', '',
            *_errors(rows), '']


def _model(exported: dict, trial: Trial) -> List[str]:
    """Size, speed, files and use of the exported model."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the tracer warns about each constant
        speed = measure_models(dict(light=trial.stock_config))['light']
    size_mb = os.path.getsize(exported['model']) / 1e6
    text = ['## The model', '',
            f'{exported["parameters"] / 1e6:.2f} M parameters, '
            f'{speed["gflops"]:.3f} GFLOPs, {size_mb:.2f} MB; '
            f'{speed["onnx_ms"]:.1f} ms a face with ONNX Runtime on one core.', '']
    if exported['not_calibrated']:
        text += ['Its scores are not calibrated: ' + exported['not_calibrated'], '']
    return [*text, '```bash',
            f'mmpose-thermal predict --model {exported["model"]} '
            '--detector face_detector IMAGES', '```', '',
            f'* `{exported["model"]}` and its `.json`: to run without PyTorch',
            f'* `{exported["checkpoint"]}`, `{exported["config"]}`: to train on', '']
