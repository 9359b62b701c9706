"""Exports what was trained."""
import os.path as osp
import shutil
import warnings

from mmengine.registry import init_default_scope
from mmengine.utils import get_git_hash

from mmpose_thermal.deployment import describe, export_model, load_model
from mmpose_thermal.deployment.hard_faces import calibration_of
from mmpose_thermal.recipes import Trial

_ROUNDS = 3  # each rendered face is degraded so often


def export(trial: Trial, out_dir: str, faces: dict) -> dict:
    """Exports a trained network to ONNX, and keeps its checkpoint beside it.

    Args:
        trial (Trial): A finished training.
        out_dir (str): Folder to write to.
        faces (dict): Config of a data set with exact labels, to calibrate on.

    Returns:
        dict: ``model``, the ``.onnx`` file; ``config`` and ``checkpoint`` to
        fine-tune from; ``parameters``, their number; ``not_calibrated``, why not.
    """
    init_default_scope('mmpose')
    out = osp.join(out_dir, 'landmarks')
    checkpoint = trial.lowest_nme_checkpoint()
    model = load_model((trial.stock_config, checkpoint))
    info = describe(model)
    info.source = dict(
        config=osp.basename(trial.run.config), checkpoint=osp.basename(checkpoint),
        commit=get_git_hash(digits=7),
        parameters=sum(each.numel() for each in model.parameters()))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the tracer warns about each constant
        info = export_model(model, info, f'{out}.onnx', precision='fp16')
    problem = ''
    try:
        info.calibration = calibration_of(f'{out}.onnx', info, faces, _ROUNDS)
        info.save(f'{out}.onnx')
    except ValueError as error:
        problem = str(error)
    shutil.copyfile(checkpoint, f'{out}.pth')
    shutil.copyfile(trial.stock_config, f'{out}.py')
    return dict(
        model=f'{out}.onnx', checkpoint=f'{out}.pth', config=f'{out}.py',
        parameters=info.source['parameters'], not_calibrated=problem,
        files=[f'{out}.onnx', f'{out}.onnx.json', f'{out}.pth', f'{out}.py'])
