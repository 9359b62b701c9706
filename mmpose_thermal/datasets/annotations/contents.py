"""The contents of an annotation file and the problems found in it."""
from dataclasses import dataclass, field
from typing import List


@dataclass
class Fault:
    """Why a file cannot be used."""
    check: str  # short name of the rule
    message: str  # record, field and remedy
    images: List[int] = field(default_factory=list)  # indices into the images


@dataclass
class LeftOut:
    """Records that are skipped for the same reason."""
    reason: str  # as in 'N annotations REASON'
    first: str  # the first record and what is wrong with it
    images: List[int] = field(default_factory=list)  # image index of each record
    kind: str = 'annotations'  # or 'images'
    without_image: int = 0  # number of further records without a usable image

    @property
    def count(self) -> int:
        """Number of all skipped records."""
        return len(self.images) + self.without_image


@dataclass
class Annotations:
    """The contents of an annotation file.

    File names use forward slashes; ``keypoints`` (and ``rgb_keypoints``) are
    flat, with visibilities of 0, 1 or 2.
    """
    name: str  # path of the file
    images: List[dict] = field(default_factory=list)  # valid image records
    faces: List[dict] = field(default_factory=list)  # ordered by image
    image_of: List[int] = field(default_factory=list)  # image index of each face
    categories: List[dict] = field(default_factory=list)  # as in the file
    faults: List[Fault] = field(default_factory=list)  # why training refuses the file
    left_out: List[LeftOut] = field(default_factory=list)  # skipped records

    def refuse_faults(self) -> None:
        """Raises ValueError if the file cannot be used."""
        if self.faults:
            raise ValueError(f'{self.name}: {self.faults[0].message}')

    def what_is_left_out(self) -> str:
        """Summarises the skipped records for a log; empty if there are none."""
        sentences = []
        for kind in ('annotations', 'images'):
            ours = [one for one in self.left_out if one.kind == kind]
            if ours:
                reasons = '; '.join(f'{one.count} {one.reason} (first {one.first})'
                                    for one in ours)
                count = sum(one.count for one in ours)
                sentences.append(f'left out {count} {kind}: {reasons}.')
        return ' '.join(sentences)
