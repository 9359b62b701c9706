"""Writes README.md and metafile.yml of each config folder from its configs."""
import argparse
import glob
import logging
import os.path as osp
import sys

import yaml
from mmengine.config import Config
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

import mmpose_thermal  # noqa: F401
from mmpose_thermal.apis import model_complexity
from mmpose_thermal.models.distillers.building import model_config
from mmpose_thermal.models.distillers.config_errors import is_of
from mmpose_thermal.runtime.atomic_file import write_text

_ROOT = 'configs/thermal_face_*'
_PAPER = dict(
    Title='Lightweight Facial Landmark Detection in Thermal Images via '
    'Multi-Level Cross-Modal Knowledge Transfer',
    URL='https://arxiv.org/abs/2510.11128')
_ALGORITHMS = dict(
    topdown_heatmap='Heatmaps', topdown_regression='Regression',
    rtmpose='RTMPose', mlcm_kd='MLCM-KD', rtmdet='RTMDet')
_ABOUT = dict(
    topdown_heatmap='Teachers, students without distillation, and baselines '
    'that predict heatmaps.',
    topdown_regression='Baselines that predict coordinates.',
    rtmpose='RTMPose (SimCC): teacher, student without distillation, '
    'baselines.',
    mlcm_kd='Distillation: `ktl-` RGB teacher to thermal student, `mcl-` '
    'thermal student to light student. Sizes are those of the student, the '
    'only network that remains after training.',
    rtmdet='Face detectors that train on the same annotation files as the '
    'landmark models.')
# File name pattern of the best checkpoint by scope.
_BEST = dict(mmpose='best_NME_*.pth', mmdet='best_coco_bbox_mAP_*.pth')


def describe(path):
    """Collects the facts about one config for the tables.

    Args:
        path (str): Config file.

    Returns:
        dict: ``name``, ``path``, ``about``, ``architecture``, ``data``,
        ``best``, ``params_m`` and ``gflops``.
    """
    with open(path) as file:
        comment = []
        for line in file:
            if not line.startswith('#'):
                break
            comment.append(line.lstrip('# ').rstrip())
    config = Config.fromfile(path)
    model = config.model
    if is_of(MODELS, model, 'CrossModalDistiller'):
        model = Config(dict(model=model_config(model, 'student'))).model
    scope = config.default_scope
    init_default_scope(scope)
    network = ROOT_MODELS.build(model)
    if scope == 'mmdet':
        head, size = model.bbox_head, config.input_size
        data = osp.basename(config.data_root.rstrip('/'))
    else:
        head, size = model.head, config.codec['input_size']
        dataset = config.test_dataloader.dataset
        metainfo = DATASETS.get(dataset.type).METAINFO
        data = osp.basename(metainfo['from_file'])[:-len('.py')]
    params_m, gflops = model_complexity(network, size)
    return dict(
        name=osp.splitext(osp.basename(path))[0],
        path=path,
        about=' '.join(comment),
        architecture=f'{model.backbone.type}, {head.type}',
        data=data,
        best=_BEST[scope],
        params_m=round(params_m, 3),
        gflops=round(gflops, 4))


def metafile_of(algorithm, models):
    """Makes the folder's metafile for OpenMIM."""
    collection = dict(Name=_ALGORITHMS[algorithm])
    if algorithm == 'mlcm_kd':
        collection['Paper'] = _PAPER
    return dict(
        Collections=[collection],
        Models=[
            dict(
                Name=model['name'],
                **{'In Collection': collection['Name']},
                Config=model['path'],
                Metadata={
                    'Architecture': model['architecture'].split(', '),
                    'Training Data': model['data'],
                    'Parameters (M)': model['params_m'],
                    'GFLOPs': model['gflops'],
                }) for model in models
        ])


def readme_of(algorithm, folder, models):
    """Makes the folder's README."""
    lines = [
        f'# {_ALGORITHMS[algorithm]}, {folder}', '',
        '<!-- Written by tools/dev/update_model_zoo.py from the configs. -->',
        '', _ABOUT[algorithm], '',
        '| config | trains | params (M) | GFLOPs |', '|---|---|---:|---:|'
    ]
    lines += [
        f'| [`{model["name"]}`]({model["name"]}.py) | {model["about"]} | '
        f'{model["params_m"]:.2f} | {model["gflops"]:.3f} |'
        for model in models
    ]
    trained = 'trained for the report in docs/benchmark' \
        if folder == 'synthetic' and algorithm != 'rtmdet' else (
            'trained for docs/inference.md'
            if folder == 'synthetic' else 'not trained here')
    first = models[0]
    lines += [
        '', 'GFLOPs count multiply-accumulates, at the input size that ends '
        f'each name. These models were {trained}.', '', '```bash',
        f'python tools/train.py {first["path"]}',
        f'python tools/test.py {first["path"]} '
        f'work_dirs/{first["name"]}/{first["best"]}', '```', ''
    ]
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='Run it in the root of the repository. The '
        'comment at the top of a config becomes its description.')
    parser.add_argument(
        '--check', action='store_true', help='write nothing; exit with status '
        '1 if a file would change')
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    stale = []
    for folder in sorted(glob.glob(f'{_ROOT}/*/*/')):
        paths = sorted(glob.glob(osp.join(folder, '*.py')))
        if not paths:
            continue
        algorithm, data = folder.rstrip('/').split('/')[-2:]
        models = [describe(path) for path in paths]
        print(f'{folder}: {len(models)} configs', flush=True)
        metafile = yaml.safe_dump(
            metafile_of(algorithm, models), sort_keys=False, width=10**6)
        for name, text in (('README.md', readme_of(algorithm, data, models)),
                           ('metafile.yml', metafile)):
            path = osp.join(folder, name)
            before = open(path).read() if osp.exists(path) else None
            if before != text:
                stale.append(path)
            if before != text and not args.check:
                write_text(path, text)
    print(f'{len(stale)} files {"are stale" if args.check else "written"}')
    return 1 if args.check and stale else 0


if __name__ == '__main__':
    sys.exit(main())
