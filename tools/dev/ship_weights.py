"""Exports a trained model into the package and updates its model card.

NAME.onnx with its .json is what users run, NAME.pth holds the weights to
fine-tune from, and NAME.md is the card.
"""
import argparse
import re
import subprocess
from pathlib import Path

import numpy as np
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint

import mmpose_thermal  # noqa: F401
from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.deployment import describe, export_model, load_model
from mmpose_thermal.deployment.hard_faces import calibration_of
from mmpose_thermal.deployment.reliability import measure_reliability

_WEIGHTS = Path(mmpose_thermal.__file__).parent / 'weights'
_MEASURED = re.compile('(<!-- measured -->\n).*?(<!-- end -->)', re.S)
_NEW_CARD = """# Model card: {}

* **Network, data, recipe**: TO BE WRITTEN
* **Limits**: TO BE WRITTEN
* **Licence**: Apache 2.0, as the package.

<!-- measured -->
<!-- end -->
"""
_EDGES = np.array([0, .3, .5, .7, .9, 1.])
_THRESHOLDS = (.3, .35, .4)
_MAX_MB = 3.


def facts(path, info, args):
    """The measured part of a landmark model's card, line by line."""
    yield from origin(path, info, args)
    yield ''
    bins = [f'{low:g}-{high:g}' for low, high in zip(_EDGES, _EDGES[1:])]
    yield (f'| set | faces | NME, mean / median (%) | in the radius (%) | right '
           f'points (%) by score {", ".join(bins)} | ROC area | faces / '
           'backgrounds kept at a face score of ' +
           ', '.join(map(str, _THRESHOLDS)) + ' (%) |')
    yield '|---|---:|---:|---:|---|---:|---|'
    landmarker = ThermalLandmarker(str(path))
    sets = {f'rendered {split}': f'{args.data}/annotations/{split}.json'
            for split in ('val', 'test')}
    sets.update((f'real: {Path(file).resolve().parents[1].name}', file)
                for file in args.real)
    for name, annotations in sets.items():
        yield row(name, measure_reliability(landmarker, annotations))


def row(name, found):
    """One line of the table: a set of faces."""
    right = ', '.join('-' if not count else f'{100 * share:.0f} (of {count})'
                      for count, share in found.bins(_EDGES))
    kept = ', '.join('{:.1f} / {:.1f}'.format(*(100 * share for share in
                                                found.kept(threshold)))
                     for threshold in _THRESHOLDS)
    mean, median = (100 * function(found.face_nme)
                    for function in (np.mean, np.median))
    return (f'| {name} | {len(found.face_nme)} | {mean:.2f} / {median:.2f} | '
            f'{100 * found.held.mean():.0f} | {right} | {found.roc_area:.4f} | '
            f'{kept} |')


def origin(path, info, args):
    """Where a model comes from, and what it is, line by line."""
    width, height = info.input_size
    yield (f'* `{path.name}`: {info.source["parameters"] / 1e6:.2f} M '
           f'parameters, {path.stat().st_size / 1e6:.2f} MB, '
           f'{info.precision}, input {width}x{height} grey levels, SHA-256 '
           f'`{info.sha256[:16]}`')
    yield (f'* exported at commit {info.source["commit"]} from '
           f'`{info.source["checkpoint"]}` of `{info.source["config"]}`')
    if info.calibration:
        yield '* calibration: ' + ', '.join(
            f'{name} {value:g}' for name, value in info.calibration.items())


def commit():
    """The commit of the working tree, marked if files differ from it."""
    described = subprocess.run(['git', 'describe', '--always', '--dirty'],
                               cwd=Path(__file__).parent, capture_output=True,
                               text=True)
    return described.stdout.strip() or 'unknown'


def write_checkpoint(model, info, path):
    """Writes the weights to fine-tune from, in half precision if need be."""
    weights = {
        name: value.half() if info.precision == 'fp16' and
        value.is_floating_point() else value
        for name, value in model.state_dict().items()
    }
    save_checkpoint(dict(meta=info.source, state_dict=weights), str(path))


def write_card(path, lines):
    """Replaces the measured part of a card; what people wrote stays."""
    card = path.read_text() if path.exists() else _NEW_CARD.format(path.stem)
    if not _MEASURED.search(card):
        raise SystemExit(f'error: {path} has no lines "<!-- measured -->" and '
                         '"<!-- end -->": copy them from another card')
    text = '\n'.join(lines)
    path.write_text(_MEASURED.sub(lambda found: f'{found[1]}{text}\n{found[2]}',
                                  card))


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'name', choices=('landmarks', 'landmarks_s4', 'face_detector'))
    parser.add_argument('config', help='config of the model')
    parser.add_argument('checkpoint', help='checkpoint of the model')
    parser.add_argument(
        '--data', default='data/synthetic_6000',
        help='rendered faces to calibrate and to measure on [%(default)s]')
    parser.add_argument(
        '--real', action='append', default=[], metavar='JSON',
        help='also measure on this annotation file of real faces')
    parser.add_argument(
        '--precision', choices=('fp32', 'fp16'), default='fp16',
        help='[%(default)s]')
    parser.add_argument(
        '--out-dir', default=str(_WEIGHTS), metavar='DIR',
        help="write model and card here [the package's folder]")
    parser.add_argument(
        '--rounds', type=int, default=3,
        help='degrade each validation face so often [%(default)s]')
    return parser.parse_args()


def main():
    args = parse_args()
    init_default_scope('mmpose')
    task = 'detection' if args.name == 'face_detector' else 'landmarks'
    model = load_model((args.config, args.checkpoint), task)
    info = describe(model, task)
    info.source = dict(
        config=Path(args.config).name, checkpoint=Path(args.checkpoint).name,
        commit=commit(),
        parameters=sum(each.numel() for each in model.parameters()))
    path = Path(args.out_dir) / f'{args.name}.onnx'
    info = export_model(model, info, str(path), precision=args.precision)
    write_checkpoint(model, info, path.with_suffix('.pth'))
    for written in (path, path.with_suffix('.pth')):
        if written.stat().st_size > 1e6 * _MAX_MB:
            raise SystemExit(f'error: {written} has more than {_MAX_MB} MB: '
                             'try --precision fp16, or a smaller model')
    lines = origin(path, info, args)
    if task == 'landmarks':
        dataset = dict(model.cfg.test_dataloader.dataset,
                       data_root=args.data, ann_file='annotations/val.json')
        info.calibration = calibration_of(str(path), info, dataset,
                                          args.rounds)
        info.save(str(path))
        lines = facts(path, info, args)
    write_card(path.with_suffix('.md'), lines)
    print(f'{path}, its checkpoint and its card are written: check and commit '
          'them')


if __name__ == '__main__':
    main()
