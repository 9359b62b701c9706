"""Trains the networks, by the recipes' machinery."""
import copy
import os
import os.path as osp
from dataclasses import dataclass
from typing import Callable, Dict, Iterable, Optional, Tuple

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from mmpose_thermal.models.distillers.building import model_config
from mmpose_thermal.recipes import Recipe, Run, Trial, execute, trials_of
from mmpose_thermal.weights import shipped_models

#: A judgement, not a measurement: fewer labelled faces teach a large network from
#: scratch little that the shipped light one does not know.
MIN_FACES_OF_BOTH = 200
_CONFIGS = 'configs/thermal_face_2d_keypoint/'
_KTL, _MCL = (
    f'{_CONFIGS}mlcm_kd/own_pairs/{name}_own-pairs-128x128.py'
    for name in ('ktl-dikd_res18-w32_1xb64-16e',
                 'mcl-dikd_res18-w16-pretrained_1xb64-16e'))
_LARGE, _LIGHT = (
    f'{_CONFIGS}topdown_heatmap/own_pairs/{name}_own-pairs-thermal-128x128.py'
    for name in ('td-hm_res18-w32_1xb64-16e', 'td-hm_res18-w16-pretrained_1xb64-8e'))
_TITLES = dict(large='large thermal network', light='light thermal network')


@dataclass
class Data:
    """Files and folders of the faces to train on, and their number.

    Attributes:
        root (str): Folder that the file names of the pairs are relative to.
        train, held_out (str): Annotation files of the pairs.
        faces (int): Number of faces to train on.
        rendered_root (str): Folder of the rendered faces.
        rendered_train (str): Their annotation file.
        rendered (int): Their number.
        digest (str): Identifies the annotations.
    """
    root: str
    train: str
    held_out: str
    faces: int
    rendered_root: str
    rendered_train: str
    rendered: int
    digest: str


def plan(levels: str, labelled: int,
         teacher: Optional[Tuple[str, str]]) -> Dict[str, str]:
    """Chooses the config of each network to train, the teacher's first.

    Args:
        levels (str): ``'both'``, ``'direct'``, or ``'auto'``: both from
            :data:`MIN_FACES_OF_BOTH` labelled faces on.
        labelled (int): Number of faces with labels to train on.
        teacher (tuple[str, str], optional): Config and checkpoint, if the teacher
            is to be distilled.

    Returns:
        dict[str, str]: Configs of ``'large'`` (not for direct) and ``'light'``.
    """
    if levels == 'direct' or levels == 'auto' and labelled < MIN_FACES_OF_BOTH:
        return dict(light=_LIGHT)
    return dict(large=_KTL if teacher else _LARGE, light=_MCL)


def build_config(path: str, data: Data, epochs: Optional[int] = None,
                 teacher: Optional[Tuple[str, str]] = None) -> Config:
    """Fills in one of the configs of ``own_pairs``.

    Args:
        path (str): The config file.
        data (Data): What to train on.
        epochs (int, optional): Epochs. Defaults to the config's.
        teacher (tuple[str, str], optional): Config and checkpoint of the RGB
            teacher, for KTL.
    """
    config = Config.fromfile(path)
    loader = config.train_dataloader
    own, rendered = loader.dataset.datasets
    own.update(data_root=data.root, ann_file=osp.abspath(data.train))
    rendered.update(data_root=data.rendered_root,
                    ann_file=osp.abspath(data.rendered_train))
    for part in (config.val_dataloader, config.test_dataloader):
        part.dataset.update(data_root=data.root, ann_file=osp.abspath(data.held_out))
    share = loader.sampler.source_ratio[0]
    times = round(data.rendered * share / (1 - share) / data.faces)
    if times > 1:
        # An epoch then shows each rendered face about once.
        loader.dataset.datasets[0] = dict(
            type='mmengine.RepeatDataset', times=times, dataset=own)
    if epochs:
        config.train_cfg.max_epochs = epochs
        config.param_scheduler[1].update(end=epochs, T_max=epochs)
    shipped = osp.splitext(shipped_models()['landmarks_s4'])[0] + '.pth'
    if config.get('load_from'):
        config.load_from = shipped
    elif config.model.get('student', {}).get('checkpoint'):
        config.model.student.checkpoint = shipped
    if teacher:
        _set_teacher(config.model, *teacher)
    config.data_digest = data.digest  # other data are another training
    return config


def _set_teacher(model, config, checkpoint):
    model.teacher = dict(config=config, checkpoint=checkpoint)
    own = model_config(config, 'teacher').get('data_preprocessor', {})
    model.data_preprocessor.rgb = {
        key: own[key] for key in ('mean', 'std', 'bgr_to_rgb') if key in own}


def why_not_distilled(config: Config) -> Optional[str]:
    """The reason why a teacher cannot teach online; ``None`` if it can."""
    init_default_scope('mmpose')
    try:
        MODELS.build(copy.deepcopy(config.model))
    except (TypeError, ValueError, NotImplementedError) as error:
        return str(error)
    return None


def train(configs: Dict[str, Config], work_dir: str,
          say: Callable[[str], None]) -> Dict[str, Trial]:
    """Trains the networks one after the other, or what is left to do.

    Args:
        configs (dict[str, Config]): By name, each taught by the one before.
        work_dir (str): Folder of the trainings.
        say (Callable): Gets lines of progress.

    Returns:
        dict[str, Trial]: The finished trainings by name.

    Raises:
        RecipeError: A training was begun with other settings.
        ValueError: A training failed.
    """
    os.makedirs(work_dir, exist_ok=True)
    for name, config in configs.items():
        config.dump(osp.join(work_dir, f'{name}.py'))
    trials = execute(_recipe(configs, work_dir), work_dir, say)
    for name, (trial, ) in trials.items():
        if not trial.tested():
            raise ValueError(f'the training of the {_TITLES[name]} failed: see '
                             'above. Run the same command again to continue it.')
    return {name: trial for name, (trial, ) in trials.items()}


def trainings(names: Iterable[str], work_dir: str) -> Dict[str, Trial]:
    """Finds trainings that :func:`train` did, by name."""
    trials = trials_of(_recipe(names, work_dir), work_dir)
    return {name: trial for name, (trial, ) in trials.items()}


def _recipe(names: Iterable[str], work_dir: str) -> Recipe:
    runs: Dict[str, Run] = {}
    for name in names:
        runs[name] = Run(
            name, osp.join(work_dir, f'{name}.py'), _TITLES[name],
            teacher=next(reversed(runs), None))
    return Recipe(work_dir, '', '', [], (0, ), runs, [])
