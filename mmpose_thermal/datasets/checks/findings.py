"""Findings of the data doctor, and the faces that it inspects."""
from copy import copy
from dataclasses import asdict, dataclass, field
from itertools import compress
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

from ..annotations import Annotations

_MAX_EXAMPLES = 8

#: Callback that takes level, name of the check, message and examples.
Add = Callable[..., None]


@dataclass
class Finding:
    """One problem."""
    # 'error': training would be wrong or fail; 'warning': worth a look; 'note'
    level: str
    check: str  # short name
    message: str  # the problem, how often it occurs, and the remedy
    # Up to eight annotation files, each with the index of an image.
    examples: List[Tuple[str, int]] = field(default_factory=list)


@dataclass
class Inspection:
    """The result of an inspection."""
    findings: List[Finding]  # errors first, notes last
    statistics: dict  # by annotation file, and ``normalisation`` by modality
    checked: List[str]  # names of the checks performed
    files: Dict[str, Annotations] = field(default_factory=dict)  # by name

    @property
    def failed(self) -> bool:
        """Whether training on this would be wrong or fail."""
        return any(finding.level == 'error' for finding in self.findings)

    def to_dict(self) -> dict:
        """Converts to plain values for json."""
        return dict(findings=[asdict(finding) for finding in self.findings],
                    statistics=self.statistics, checked=self.checked,
                    failed=self.failed)


class Faces:
    """The faces of an annotation file as arrays.

    Attributes:
        points (np.ndarray): (N, K, 3); zeros in rows of unlabelled faces.
        labelled (np.ndarray): Which faces have landmarks, (N, ).
        boxes (np.ndarray): (N, 4), x, y, width, height.
        image_of (np.ndarray): Index into ``images``, (N, ).
    """

    def __init__(self, annotations: Annotations, count: int,
                 folders: Dict[str, str]) -> None:
        self.name = annotations.name
        self.images = annotations.images
        self.annotations = annotations.faces
        self.folders = folders
        self.points = np.array([face['keypoints'] for face in self.annotations],
                               float).reshape(-1, count, 3)
        self.labelled = (self.points[..., 2] > 0).any(1)
        self.boxes = np.array([face['bbox'] for face in self.annotations],
                              float).reshape(-1, 4)
        self.image_of = np.array(annotations.image_of, int)

    def with_landmarks(self) -> 'Faces':
        """The same images with their labelled faces alone."""
        chosen = copy(self)
        chosen.annotations = list(compress(self.annotations, self.labelled))
        for name in ('points', 'boxes', 'image_of', 'labelled'):
            setattr(chosen, name, getattr(self, name)[self.labelled])
        return chosen

    def examples(self, faces: np.ndarray) -> List[Tuple[str, int]]:
        """Examples of a finding, from a mask of faces."""
        return image_examples(self.name, self.image_of[faces])


def image_examples(name: str,
                   images: Sequence[Any]) -> List[Tuple[str, int]]:
    """Up to eight examples of a finding: the annotation file and an image index."""
    return [(name, int(i)) for i in images[:_MAX_EXAMPLES]]
