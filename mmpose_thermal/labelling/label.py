"""Labels thermal images by what a landmark model finds in their RGB partners."""
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Counter as CounterOf, Dict, List, Optional, Union

import numpy as np

from mmpose_thermal.datasets.converter_tools import write_json
from mmpose_thermal.datasets.pair_registration import group_of
from mmpose_thermal.datasets.point_sets import face_category, load_metainfo

from .carrying import Carrier, Labelled, fit_maps
from .detectors import load_detector
from .finders import PointFinder, ThermalFinder
from .looking import Looker, Seen, Unsure
from .pairs import PairList, read_pairs
from .sheet import draw_sheet
from .teachers import load_teacher

_SECONDS_BETWEEN_LINES = 10.
_SHOWN_FAILURES = 10  # of registration
#: Fitted to what the thermal landmarker finds, or pixels that coincide.
REGISTRATIONS = ('fit', 'aligned')


@dataclass
class LabelledPairs:
    """The result of labelling pairs.

    Attributes:
        out (str): The annotation file that was written.
        data_root (str): Folder that its file names are relative to.
        pairs (int): Number of pairs that were read.
        images (int): Number of images in the file.
        faces (int): Number of faces in the file.
        points_share (float): Share of the faces' points that are labelled.
        mean_score (float): Mean score of the faces.
        dropped (dict[str, int]): Numbers of dropped pairs and faces by reason.
        examples (dict[str, str]): A dropped file, for some reasons.
        sheet (str, optional): The contact sheet, if one was drawn.
    """
    out: str
    data_root: str
    pairs: int
    images: int
    faces: int
    points_share: float
    mean_score: float
    dropped: Dict[str, int] = field(default_factory=dict)
    sheet: Optional[str] = None
    examples: Dict[str, str] = field(default_factory=dict)

    def summary(self) -> str:
        """What was written and what was dropped, in lines."""
        points = f'{100 * self.points_share:.0f} % of their points labelled, ' \
            if self.points_share else 'without points, '
        lines = [f'{self.faces} faces in {self.images} images of {self.pairs} pairs, '
                 f'{points}mean score {self.mean_score:.2f}. Written to {self.out}']
        lines += [f'  dropped: {_counted(count, reason, self.examples)}'
                  for reason, count in self.dropped.items()]
        if self.sheet:
            lines.append(f'  look at {self.sheet}')
        return '\n'.join(lines)


def label_pairs(pairs: str,
                teacher: Any = None,
                out: Optional[str] = None,
                *,
                detector: Any = None,
                data_root: Optional[str] = None,
                points: str = 'ibug68',
                teacher_points: Optional[str] = None,
                registration: str = 'fit',
                per: Optional[str] = None,
                min_score: float = .5,
                min_point_score: float = .3,
                boxes_only: bool = False,
                sheet: Union[str, bool] = False,
                say: Callable[[str], None] = print) -> LabelledPairs:
    """Writes an annotation file for the thermal images of RGB-thermal pairs.

    Args:
        pairs (str): A folder with ``rgb/`` and ``thermal/`` (or
            ``thermal16/``), whose files have equal relative paths except for
            the suffix; or a folder with ``pairs.csv`` (columns ``rgb``,
            ``thermal``; further ones become fields of the images); or an
            annotation file, with or without labels.
        teacher (str | tuple[str, str] | Callable, optional): Finds points in RGB
            images: see :func:`.teachers.load_teacher`. May be left out with
            ``boxes_only`` if the pairs need no registration.
        out (str, optional): The file to write. Defaults to
            ``annotations/labelled.json`` in the folder, or
            ``ANN_FILE_labelled.json``.
        detector (str | tuple[str, str] | Callable, optional): Finds faces in RGB
            images: see :func:`.detectors.load_detector`. Defaults to the boxes
            of the annotation file, or to BlazeFace from the teacher's wheel.
        data_root (str, optional): Folder that the file names in an annotation
            file are relative to. Defaults to the folder above the file's.
        points (str): Point set to write.
        teacher_points (str, optional): Point set of a teacher that does not tell
            its own. Defaults to ``points``.
        registration (str): ``'fit'`` fits one map to each group of pairs without
            an ``rgb_homography``, from what the shipped thermal landmarker finds;
            ``'aligned'`` takes the pixels as coinciding.
        per (str, optional): Groups of pairs that share a map: ``'folder'``,
            ``'frame'``, ``'dataset'``, or a field of the images, such as a column
            of the csv. Defaults to ``'session'`` if all images have that field,
            otherwise to ``'folder'``.
        min_score (float): Drop faces whose points have a lower mean score.
        min_point_score (float): Drop points with a lower score.
        boxes_only (bool): Write unlabelled faces, and no points.
        sheet (str | bool): Draw some of the faces into this picture; ``True``
            draws them next to ``out``, as ``.jpg``. Defaults to none.
        say (Callable): Gets lines of progress.

    Returns:
        LabelledPairs: What was written, and what was dropped for which reason.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is malformed, an option does not fit, or no face is
            left.
    """
    if registration not in REGISTRATIONS:
        raise ValueError(f'`registration` must be one of {REGISTRATIONS}, got '
                         f'{registration!r}.')
    if teacher is None and not boxes_only:
        raise ValueError('Nothing finds points: give a teacher (--teacher), or write '
                         'only boxes (--boxes-only).')
    listed = read_pairs(pairs, data_root)
    looker = _looker(listed, teacher, detector, points, teacher_points,
                     registration == 'aligned')
    out, per = out or listed.out, per or _groups_of(listed)
    _require_place_for(out)
    if registration == 'fit':
        for pair in listed.pairs:
            if pair.image.get('rgb_homography') is None:
                group_of(pair.image, per)
    dropped = +listed.dropped
    seen = _look(listed, looker, dropped, say)
    failed = fit_maps(seen, per, min_point_score)
    for group, reason in failed[:_SHOWN_FAILURES]:
        say(f'no map from RGB to thermal images for "{group}": {reason}')
    labelled = _carry(seen, Carrier(min_score, min_point_score, boxes_only),
                      boxes_only, dropped)
    if not labelled:
        reasons = '; '.join(_counted(count, reason, listed.examples)
                            for reason, count in dropped.most_common())
        raise ValueError(f'{pairs}: no face is left of {len(listed.pairs)} pairs '
                         f'({reasons}).')
    result = _write(labelled, out, points, listed)
    result.dropped.update(dropped.most_common())
    result.examples.update(listed.examples)
    if sheet:
        result.sheet = str(Path(result.out).with_suffix('.jpg')) \
            if sheet is True else sheet
        draw_sheet(result.sheet, labelled, listed.root)
    return result


def _require_place_for(out: str) -> None:
    """Refuses a file that could not be written after all the work."""
    folder = Path(out).parent
    folder.mkdir(parents=True, exist_ok=True)
    if Path(out).is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(f'{out} cannot be written: it is a folder, or in one that is '
                         'read-only. Name another file (--out).')


def _counted(count: int, reason: str, examples: Dict[str, str]) -> str:
    example = examples.get(reason)
    return f'{count} {reason}' + (f', such as: {example}' if example else '')


def _looker(listed: PairList, teacher, detector, points, teacher_points,
            aligned) -> Looker:
    """Loads the models that the pairs need."""
    registered = aligned or all(pair.image.get('rgb_homography') is not None
                                for pair in listed.pairs)
    if teacher is None and not registered:
        raise ValueError('Pairs are registered by their points: give a teacher, or '
                         'say that the cameras are aligned (--aligned).')
    finder = None if teacher is None else PointFinder(
        load_teacher(teacher), points, teacher_points)
    # Boxes in the file are those of the thermal images.
    has_boxes = registered and any(pair.faces for pair in listed.pairs)
    if detector is None and not has_boxes and str(teacher).endswith('.whl'):
        detector = teacher  # which holds BlazeFace, too
    if detector is None and not has_boxes:
        raise ValueError('Nothing finds the faces in the RGB images: give a detector '
                         '(--detector), or an annotation file with boxes whose pairs '
                         'are aligned or registered.')
    return Looker(
        listed.root, None if detector is None else load_detector(detector),
        finder, None if registered else ThermalFinder(points))


def _groups_of(listed: PairList) -> str:
    return 'session' if all('session' in pair.image
                            for pair in listed.pairs) else 'folder'


def _look(listed: PairList, looker: Looker, dropped: CounterOf[str],
          say: Callable[[str], None]) -> List[Seen]:
    seen, started = [], time.monotonic()
    shown = started
    for number, pair in enumerate(listed.pairs, start=1):
        try:
            seen.append(looker(pair))
        except Unsure as reason:
            dropped[str(reason)] += 1
            if reason.example:
                listed.examples.setdefault(str(reason), reason.example)
        now = time.monotonic()
        if now - shown > _SECONDS_BETWEEN_LINES:
            shown = now
            left = (now - started) / number * (len(listed.pairs) - number)
            say(f'{number} of {len(listed.pairs)} pairs, {left:.0f} s to go')
    return seen


def _carry(seen: List[Seen], carrier: Carrier, boxes_only: bool,
           dropped: CounterOf[str]) -> List[Labelled]:
    labelled = []
    for one in seen:
        if one.to_thermal is None:
            dropped['registration failed'] += 1
            continue
        sure = []
        for face in one.faces:
            try:
                sure.append((face, carrier(face, one)))
            except Unsure as reason:
                dropped[str(reason)] += 1
        if boxes_only and 0 < len(sure) < len(one.faces):
            # To a detector, a face without box would be background.
            dropped['image with another face that was dropped'] += len(sure)
        elif sure:
            labelled.append(Labelled(one, *map(list, zip(*sure))))
    return labelled


def _write(labelled: List[Labelled], out: str, points: str,
           listed: PairList) -> LabelledPairs:
    images: List[dict] = []
    faces: List[dict] = []
    for number, one in enumerate(labelled, start=1):
        images.append(dict(one.record(), id=number))
        for annotation in one.annotations:
            faces.append(dict(id=len(faces) + 1, image_id=number, category_id=1,
                              iscrowd=0, **annotation))
    metainfo = load_metainfo(dict(from_file=points))
    write_json(out, dict(
        info=dict(description='labelled by mmpose-thermal label'), images=images,
        annotations=faces, categories=[face_category(metainfo)]))
    share = np.mean([face.get('num_keypoints', 0) for face in faces]) / metainfo[
        'num_keypoints']
    return LabelledPairs(
        out, listed.root, len(listed.pairs), len(images), len(faces), float(share),
        float(np.mean([face['score'] for face in faces])))
