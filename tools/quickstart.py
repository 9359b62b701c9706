"""Runs all of MLCM-KD on the embedded data, and measures what distillation gains.

Renders RGB-thermal face pairs, trains an RGB teacher, distils it into a thermal student
(KTL) and that student into a light student (MCL), trains the same two students without
distillation, and compares all models on the test split. If it is interrupted, start it
again to resume from the last checkpoint.
"""
import argparse
import os
import signal
import sys
import time
import warnings
from pathlib import Path

_PICTURE_FACES = 6
_SIDE_PX = 240


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--work-dir',
        help='folder for checkpoints and results (default: work_dirs/quickstart, or '
        'work_dirs/quickstart_smoke)')
    parser.add_argument(
        '--data-root',
        help='folder for the embedded data (default: data/synthetic, or '
        'data/synthetic_smoke)')
    parser.add_argument(
        '--seed', type=int, default=0, help='training seed (default: %(default)s)')
    parser.add_argument(
        '--smoke', action='store_true',
        help='run every step with tiny settings, in about 3 minutes on 2 cores; the '
        'results are meaningless')
    return parser.parse_args()


def draw_test_faces(plain, distilled, path):
    """Draws test faces with the truth and the predictions of both light students.

    Args:
        plain (FaceErrors): Errors of the student without distillation.
        distilled (FaceErrors): Errors of the distilled student on the same faces.
        path (Path): Picture to write.
    """
    import cv2
    import numpy as np

    from mmpose_thermal.runtime.atomic_file import write_picture
    from mmpose_thermal.visualization.contact_sheet import (PREDICTED, TRUTH,
                                                            contact_sheet,
                                                            draw_landmarks)
    rows = [[], [], [], []]
    # Evenly spaced faces of the split, not chosen by result.
    for index in np.linspace(0, len(plain) - 1, _PICTURE_FACES).astype(int):
        truth = plain.truth[index]
        low, high = truth.min(0), truth.max(0)
        zoom = _SIDE_PX / (1.35 * (high - low).max())
        shift = _SIDE_PX / 2 - zoom * (low + high) / 2
        thermal = plain.images[index]
        faces = [
            draw_landmarks(
                cv2.warpAffine(
                    cv2.imread(image), np.column_stack([zoom * np.eye(2), shift]),
                    (_SIDE_PX, _SIDE_PX), flags=cv2.INTER_CUBIC),
                truth * zoom + shift, TRUTH)
            for image in (thermal.replace('/thermal/', '/rgb/'), thermal)
        ]
        faces += [
            draw_landmarks(faces[1], model.predicted[index] * zoom + shift, PREDICTED)
            for model in (plain, distilled)
        ]
        for row, face in zip(rows, faces):
            row.append(face)
    write_picture(path, contact_sheet(rows, [
        'visible light (synthetic), ground truth blue',
        'thermal (synthetic), ground truth blue',
        'light student without distillation, prediction orange',
        'light student, MCL with DIKD, prediction orange'
    ]))


def export(trial, path):
    """Exports a trained student to ONNX."""
    from mmpose_thermal.deployment import describe, export_model, load_model
    warnings.simplefilter('ignore')  # the tracer warns about each constant
    model = load_model((trial.stock_config, trial.lowest_nme_checkpoint()))
    export_model(model, describe(model), str(path))


def main():
    args = parse_args()
    os.chdir(Path(__file__).resolve().parents[1])
    import mmpose_thermal  # noqa: F401  registers everything
    from mmpose_thermal.evaluation import FaceErrors
    from mmpose_thermal.recipes import RecipeError, run_recipe
    began = time.time()
    name = 'quickstart_smoke' if args.smoke else 'quickstart'
    work_dir = Path(args.work_dir or f'work_dirs/{name}')
    try:
        trials = run_recipe(
            f'configs/recipes/{name}.py', str(work_dir), str(work_dir),
            args.data_root, [args.seed])
    except RecipeError as error:
        sys.exit(f'ERROR: {error}')
    if not all(trial.tested() for group in trials.values() for trial in group):
        sys.exit('ERROR: a training failed, see above. Fix the cause, and start the '
                 'quickstart again to resume.')
    plain, distilled = trials['plain_light'][0], trials['mcl'][0]
    picture, model = work_dir / 'test_faces.png', work_dir / 'light.onnx'
    draw_test_faces(FaceErrors.load(plain.errors_file),
                    FaceErrors.load(distilled.errors_file), picture)
    export(distilled, model)
    print(f'picture: {picture}\nmodel:   {model}\n'
          f'this run took {(time.time() - began) / 60:.1f} minutes')


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        print('\nInterrupted; start it again to resume from the last checkpoint.')
        sys.exit(130)
