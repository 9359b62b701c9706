"""The stages from a folder of RGB-thermal pairs to a light model."""
import os.path as osp
import re
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Callable, Dict, Optional, Tuple

from mmengine.config import Config

from mmpose_thermal.datasets.datasets import ThermalFaceDataset
from mmpose_thermal.datasets.image_files import image_folder
from mmpose_thermal.labelling import label_pairs
from mmpose_thermal.recipes import locked, require_tools

from .agreement import measurable
from .data import digest, is_labelled, render, split, stamp
from .exporting import export
from .journal import Journal
from .report import write_report
from .training import (MIN_FACES_OF_BOTH, Data, build_config, plan, train,
                       trainings, why_not_distilled)

LEVELS = ('auto', 'both', 'direct')
_JOURNAL = 'distill.json'
_STAGES = ('label', 'data', 'train', 'export', 'report')
_UNUSABLE = re.compile(r'[\s,\'"\[\](){}]')  # of MMEngine's --cfg-options
_DIRECT = (
    'One step: the light network, started from the shipped weights, learns from the '
    'labels directly. Rendered faces with exact labels are {share:.0f} % of each '
    'batch.')
_BOTH = (
    'Two levels. First a large thermal network learns from scratch: {how} Then, '
    'frozen, it teaches the light network, started from the shipped weights, on the '
    'thermal images alone, without their labels (MCL). Rendered faces with exact '
    'labels are {share:.0f} % of each batch of both.')
_KTL = 'the RGB teacher teaches it on the pairs (KTL), beside their labels.'
_LABELS = 'the labels teach it.'


@dataclass
class Distillation:
    """What was asked for; see :func:`distill`."""
    pairs: str
    teacher: Any
    work_dir: str
    levels: str = 'auto'
    rendered: int = 3000
    epochs: Optional[int] = None
    test: Optional[str] = None
    detector: Any = None
    aligned: bool = False
    per: Optional[str] = None
    teacher_points: Optional[str] = None
    say: Callable[[str], None] = partial(print, flush=True)

    def check(self) -> None:
        """Refuses what would fail after hours of work."""
        models = [self.teacher, self.detector]
        for model in list(models):
            if isinstance(model, (tuple, list)):
                models += model
        for path in (self.pairs, self.test, *models):
            if isinstance(path, str) and ':' not in path and not osp.exists(path):
                raise FileNotFoundError(f'{path} does not exist.')
        if self.teacher is None and not is_labelled(self.pairs):
            raise ValueError(f'{self.pairs} has no labels: give --teacher, a model '
                             'that finds the points in the RGB images.')
        if self.test is not None:
            measurable(self.test, image_folder(self.test))
        if self.levels not in LEVELS:
            raise ValueError(f'levels must be one of {LEVELS}, got {self.levels!r}.')
        if self.rendered < 1:
            raise ValueError(f'--rendered {self.rendered}: mix in at least one '
                             'rendered face. Without any, networks forget other '
                             'people and cameras.')
        if self.epochs is not None and self.epochs < 1:
            raise ValueError(f'--epochs {self.epochs}: train for at least one.')
        if _UNUSABLE.search(self.work_dir):
            raise ValueError(f'--work-dir "{self.work_dir}": choose a path without '
                             'blanks, commas, quotes and brackets.')

    def run(self) -> str:
        """Does what is left to do, and returns the path of the report."""
        journal = Journal(self._path(_JOURNAL), _STAGES, self.say)
        results: Dict[str, dict] = {}

        def stage(name, work, **inputs):
            results[name] = journal.stage(name, inputs, work)
            return results[name]

        label = stage('label', self._label, pairs=osp.abspath(self.pairs),
                      digest=digest(self.pairs, self.work_dir),
                      teacher=_identity(self.teacher),
                      detector=_identity(self.detector), aligned=self.aligned,
                      per=self.per, teacher_points=self.teacher_points)
        data = stage('data', lambda: self._prepare(label), rendered=self.rendered)
        trained = stage('train', lambda: self._train(data), levels=self.levels,
                        epochs=self.epochs)
        trials = trainings(trained['networks'], self._path('training'))
        stage('export', lambda: export(
            trials['light'], self._path('model'), self._rendered_val(data)))
        report = stage('report', lambda: self._report(results, trials),
                       test=self.test and digest(self.test, self.work_dir))
        return report['report']

    def _path(self, *names: str) -> str:
        return osp.join(self.work_dir, *names)

    def _say_indented(self, line: str) -> None:
        self.say(f'  {line}')

    def _has_config(self) -> bool:
        """Whether the teacher is an MMPose model."""
        return isinstance(self.teacher, (tuple, list))

    def _label(self) -> dict:
        """Labels the pairs, unless the annotation file has labels."""
        if is_labelled(self.pairs):
            self._say_indented(f'{self.pairs} is used as it is: it has labels')
            return dict(out=osp.abspath(self.pairs), data_root=image_folder(self.pairs))
        found = label_pairs(
            self.pairs, self.teacher, self._path('labels', 'annotations',
                                                 'pairs.json'),
            detector=self.detector, teacher_points=self.teacher_points,
            data_root=image_folder(self.pairs) if osp.isfile(self.pairs) else None,
            registration='aligned' if self.aligned else 'fit', per=self.per,
            sheet=True, say=self._say_indented)
        for line in found.summary().splitlines():
            self._say_indented(line)
        return dict(asdict(found), data_root=osp.abspath(found.data_root),
                    files=[found.out])

    def _prepare(self, label: dict) -> dict:
        """Splits the pairs and renders faces."""
        data = split(label['out'], self._path('data'))
        for name in ('train', 'held_out'):
            try:
                ThermalFaceDataset(data_root=label['data_root'], pipeline=[],
                                   ann_file=osp.abspath(data[name]), unlabelled='keep')
            except (ValueError, FileNotFoundError) as error:
                raise ValueError(
                    f'{error} File names in {label["out"]} are read relative to '
                    f'{label["data_root"]}.') from None
        self._say_indented(
            f'{data["labelled"]} labelled faces to train on, {data["measured"]} held '
            f'out ({data["held_out_by"]}); rendering {self.rendered} more')
        faces = render(self.rendered, self._path('rendered', str(self.rendered)))
        return dict(data, root=label['data_root'], rendered=self.rendered,
                    rendered_root=faces['root'], rendered_train=faces['train'],
                    rendered_val=faces['val'], given='pairs' not in label,
                    files=[data['train'], data['held_out'], faces['train'],
                           faces['val']])

    def _train(self, data: dict) -> dict:
        configs, about = self._configs(data)
        self._say_indented(about)
        trials = train(configs, self._path('training'), self._say_indented)
        return dict(about=about, networks=list(configs),
                    files=[trial.errors_file for trial in trials.values()])

    def _configs(self, data: dict) -> Tuple[Dict[str, Config], str]:
        """Configs of the networks by name, and what they do in words."""
        faces = Data(
            data['root'], data['train'], data['held_out'],
            data['labelled'] + data['unlabelled'], data['rendered_root'],
            data['rendered_train'], data['rendered'], data['digest'])
        teacher = tuple(self.teacher) if self._has_config() else None
        paths, problem = plan(self.levels, data['labelled'], teacher), None
        if 'large' in paths and teacher:
            problem = why_not_distilled(
                build_config(paths['large'], faces, teacher=teacher))
            if problem:
                teacher = None
                paths = plan('both', data['labelled'], None)
        configs = {
            name: build_config(path, faces, self.epochs,
                               teacher if name == 'large' else None)
            for name, path in paths.items()}
        ratio = configs['light'].train_dataloader.sampler.source_ratio
        share = 100 * ratio[1] / sum(ratio)
        if 'large' in configs:
            how = _KTL if teacher else _LABELS
            if problem:
                how += f' The teacher cannot be distilled: {problem.rstrip(".")}.'
            return configs, _BOTH.format(how=how, share=share)
        about = _DIRECT.format(share=share)
        if self.levels == 'auto':
            about += (f' There are too few labelled faces ({data["labelled"]} of '
                      f'{MIN_FACES_OF_BOTH}) to train a large network first.')
        return configs, about

    def _rendered_val(self, data: dict) -> dict:
        """Config of the data set to calibrate on."""
        return dict(type='ThermalFaceDataset', data_root=data['rendered_root'],
                    ann_file=osp.abspath(data['rendered_val']))

    def _report(self, results: Dict[str, dict], trials) -> dict:
        settings = dict(
            pairs=self.pairs, teacher=_name(self.teacher),
            detector=_name(self.detector), aligned=self.aligned, per=self.per,
            levels=self.levels, rendered=self.rendered,
            epochs=self.epochs or "the configs'", test=self.test,
            work_dir=self.work_dir)
        path = write_report(
            self._path('report'),
            {name: value for name, value in settings.items() if value is not None},
            results, trials, MIN_FACES_OF_BOTH)
        return dict(report=path, files=[path])


def _name(model: Any) -> Optional[str]:
    """What a teacher or detector was given as, in words."""
    if isinstance(model, (tuple, list)):
        return ' '.join(model)
    return model if model is None else str(getattr(model, '__name__', model))


def _identity(model: Any) -> Optional[str]:
    """Its name, with the stamps of its files: they may be trained anew."""
    if model is None or callable(model):
        return _name(model)
    files = model if isinstance(model, (tuple, list)) else [model]
    return ' '.join(f'{osp.abspath(file)} {stamp(file)}' if osp.isfile(file) else file
                    for file in files)


def distill(pairs: str, teacher: Any = None, work_dir: Optional[str] = None,
            **options) -> str:
    """Labels pairs by a teacher, trains a light network on them, and exports it.

    Finished stages are skipped, and an interrupted training continues from its
    last checkpoint. Run this in the root of the repository.

    Args:
        pairs (str): See :func:`~mmpose_thermal.labelling.label_pairs`. An
            annotation file with labels is used as it is.
        teacher (str | tuple[str, str] | Callable, optional): See
            :func:`~mmpose_thermal.labelling.label_pairs`. Needed unless the pairs
            are labelled. A config and checkpoint whose outputs match the large
            thermal network's also teach it during training.
        work_dir (str, optional): Folder of everything that is written. Defaults to
            ``work_dirs/distill/NAME``, after the pairs.
        levels (str): ``'both'``: KTL and MCL; ``'direct'``: the light network
            learns from the labels; ``'auto'`` (default): both if there are at
            least 200 labelled faces to train on.
        rendered (int): Number of rendered faces to mix in. Defaults to 3000.
        epochs (int, optional): Epochs of each training. Default to the configs'.
        test (str, optional): Annotation file of thermal faces with correct labels,
            to measure the model on.
        detector, aligned, per, teacher_points: See
            :func:`~mmpose_thermal.labelling.label_pairs`; ``aligned=True`` is its
            ``registration='aligned'``.
        say (Callable): Gets lines of progress. Defaults to print.

    Returns:
        str: Path of the report, ``README.md``.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: An argument or a file is unusable, there are too few faces, a
            training failed or was begun with other settings.
    """
    require_tools()
    if work_dir is None:
        name = osp.basename(osp.abspath(pairs))
        if osp.isfile(pairs):
            name = osp.splitext(name)[0]
        work_dir = osp.join('work_dirs', 'distill', _UNUSABLE.sub('_', name))
        _refuse_other_pairs(work_dir, pairs)
    whole = Distillation(pairs, teacher, work_dir, **options)
    whole.check()
    with locked(whole.work_dir, whole.say):
        return whole.run()


def _refuse_other_pairs(work_dir: str, pairs: str) -> None:
    """Two folders of one name would share a folder of work."""
    journal = Journal(osp.join(work_dir, _JOURNAL), _STAGES, print)
    other = journal.inputs('label').get('pairs', osp.abspath(pairs))
    if other != osp.abspath(pairs):
        raise ValueError(f'{work_dir} holds what was made of {other}. Choose another '
                         'folder with --work-dir.')
