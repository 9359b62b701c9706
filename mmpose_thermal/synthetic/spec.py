"""What a synthetic data set holds."""
from dataclasses import dataclass

from ..datasets.point_sets import keypoint_mapping
from .scenes import CONDITIONS

HEADS = ('parametric', 'ict')


@dataclass
class SyntheticSpec:
    """What is in a synthetic data set; equal specs give equal files.

    Attributes:
        train, val, test (int): Number of RGB-thermal pairs a split.
        extra (int): Number of further RGB faces, for the RGB teacher.
        per_subject (int): Pictures of one person.
        size (int): Side of the images in pixels.
        max_yaw_deg (float): Largest head rotation to either side.
        seed (int): Decides everything else.
        style (str): The point set: ``'ibug68'``, ``'sftl54'``, ``'tfake'``,
            ``'tfw'``, ``'charlotte'``, ``'rwth'`` or ``'carl_visth'``.
        condition (str): People are ``'warm'``, ``'cold'``, or ``'mixed'``.
        faces (int): Up to so many people in a picture.
        sequence (bool): Whether the pictures of a person are frames of one
            movement, before one background, instead of independent.
        unaligned (bool): Whether RGB is taken by a camera that stands
            elsewhere and has more pixels; annotations then have
            ``rgb_keypoints``.
        difficulty (float): From 0, calm frontal uncovered faces before a
            quiet sensor, to 1, extreme poses, covered faces and poor
            pictures.
        misaligned_px (float): By how much the RGB images of a person are
            shifted, in a direction of its own, although the annotations call
            them aligned: a poor registration.
        head (str): Where shapes come from: ``'parametric'``, the embedded
            model, or ``'ict'``, ICT-FaceKit.
    """
    train: int = 600
    val: int = 150
    test: int = 400
    extra: int = 1400
    per_subject: int = 4
    size: int = 256
    max_yaw_deg: float = 60.
    seed: int = 0
    style: str = 'ibug68'
    condition: str = 'mixed'
    faces: int = 1
    sequence: bool = False
    unaligned: bool = False
    misaligned_px: float = 0.
    difficulty: float = .5
    head: str = 'parametric'

    def __post_init__(self):
        for field in ('train', 'val', 'test', 'per_subject', 'size', 'faces'):
            if getattr(self, field) < 1:
                raise ValueError(f'{field} must be at least 1, got '
                                 f'{getattr(self, field)}.')
        if self.extra < 0:
            raise ValueError(f'extra must not be negative, got {self.extra}.')
        if self.per_subject > 1000:
            raise ValueError('per_subject must be at most 1000, got '
                             f'{self.per_subject}.')
        if self.condition not in CONDITIONS:
            raise ValueError(f'condition must be one of {list(CONDITIONS)}, '
                             f'got {self.condition!r}.')
        if self.head not in HEADS:
            raise ValueError(f'head must be one of {list(HEADS)}, got '
                             f'{self.head!r}.')
        if self.misaligned_px < 0 or (self.misaligned_px and self.unaligned):
            raise ValueError('misaligned_px must not be negative, and is for '
                             'pairs that pass for aligned ones, got '
                             f'{self.misaligned_px}.')
        if not 0 <= self.difficulty <= 1:
            raise ValueError('difficulty must be from 0 to 1, got '
                             f'{self.difficulty}.')
        if self.faces > 1 and self.sequence:
            raise ValueError('a sequence shows one person: leave faces at 1.')
        keypoint_mapping('ibug68', self.style)  # raises if it is unknown
