"""Labels thermal images by what a landmark model finds in their RGB partners."""
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Optional

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
        mean_score (float): Of the labelled points.
        dropped (dict[str, int]): Numbers of dropped pairs and faces by reason.
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


def label_pairs(pairs: str,
                teacher: Any = None,
                out: Optional[str] = None,
                *,
                detector: Any = None,
                data_root: Optional[str] = None,
                points: str = 'ibug68',
                teacher_points: Optional[str] = None,
                registration: str = 'fit',
                per: str = 'folder',
                min_score: float = .5,
                min_point_score: float = .3,
                boxes_only: bool = False,
                sheet: Optional[str] = None,
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
        per (str): Groups of pairs that share a map: ``'folder'``, ``'frame'``,
            ``'dataset'``, or a field of the images, such as a column of the csv.
        min_score (float): Drop faces whose points have a lower mean score.
        min_point_score (float): Drop points with a lower score.
        boxes_only (bool): Write unlabelled faces, and no points.
        sheet (str, optional): Draw some of the faces into this picture. Defaults
            to none.
        say (Callable): Gets lines of progress.

    Returns:
        LabelledPairs: What was written, and what was dropped for which reason.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is malformed, an option does not fit, or no face is
            left.
    """
    raise NotImplementedError
