"""What was read from an annotation file, and what is wrong with it."""
from dataclasses import dataclass, field
from typing import List


@dataclass
class Fault:
    """Why a file cannot be used."""
    check: str  # short name of the rule
    message: str  # record, field and remedy
    images: List[int] = field(default_factory=list)  # numbers in the file


@dataclass
class LeftOut:
    """Records that are not used, for one reason."""
    reason: str  # as in 'N annotations REASON'
    first: str  # of them, and what is wrong with it
    images: List[int] = field(default_factory=list)  # one for each record
    kind: str = 'annotations'  # or 'images'
    without_image: int = 0  # further records, whose image is not used

    @property
    def count(self) -> int:
        """Of all records."""
        return len(self.images) + self.without_image


@dataclass
class Annotations:
    """What an annotation file holds.

    Names of files have slashes; ``keypoints`` (and ``rgb_keypoints``) are flat,
    with visibilities of 0, 1 or 2.
    """
    name: str  # of the file
    images: List[dict] = field(default_factory=list)  # whose records can be used
    faces: List[dict] = field(default_factory=list)  # in the order of their images
    image_of: List[int] = field(default_factory=list)  # the number of each face's
    categories: List[dict] = field(default_factory=list)  # as in the file
    faults: List[Fault] = field(default_factory=list)  # why training refuses it
    left_out: List[LeftOut] = field(default_factory=list)  # what is not used

    def refuse_faults(self) -> None:
        """Raises ValueError if the file cannot be used."""
        if self.faults:
            raise ValueError(f'{self.name}: {self.faults[0].message}')

    def what_is_left_out(self) -> str:
        """One sentence for a log; empty if all is used."""
        sentences = []
        for kind in ('annotations', 'images'):
            ours = [one for one in self.left_out if one.kind == kind]
            if ours:
                reasons = '; '.join(f'{one.count} {one.reason} (first {one.first})'
                                    for one in ours)
                count = sum(one.count for one in ours)
                sentences.append(f'left out {count} {kind}: {reasons}.')
        return ' '.join(sentences)
