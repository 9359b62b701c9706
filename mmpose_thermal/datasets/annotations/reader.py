"""Reads annotation files, with the same rules for training, doctor and converters.

A file is refused if all of it would be misread or if references between its
records are ambiguous. Single unusable records are left out and counted.
"""
from collections import Counter, defaultdict
from itertools import islice
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.fileio import exists, get

from ..alignment import rgb_to_thermal
from .categories import face_categories, other_order
from .contents import Annotations, Fault, LeftOut
from .file_formats import made_by, parse_json
from .rules import (KINDS, LIKE_SINGLE_POINTS, Breach, box_breach, is_number,
                    landmarks, plain_id, portable_name, record_faults, short,
                    systematic_breach)

#: Share of individually wrong faces up to which a file is accepted. One wrong
#: face is always accepted.
MAX_WRONG_SHARE = .01
#: Reason for leaving out records that lack a field or are not objects.
FAULTY_RECORD = 'with a faulty record'
_LOOKED_AT = 2000  # number of faces sampled to recognise the form of the numbers
_REMEDY = 'Correct it, or run its converter again.'
_FILES = ('file_name', 'rgb_file_name')


def read_annotations(ann_file: str,
                     metainfo: Optional[dict] = None,
                     with_rgb: bool = False,
                     content: Any = None,
                     unlabelled: bool = False) -> Annotations:
    """Reads and checks a COCO json.

    Args:
        ann_file (str): Path or URL in any storage that MMEngine's fileio supports.
        metainfo (dict, optional): Parsed metainfo of the point set. Without it
            landmarks are neither required nor checked.
        with_rgb (bool): Whether to check the alignment of RGB partners.
        content (optional): Parsed content, if the file has already been read;
            its records are normalised in place.
        unlabelled (bool): Whether to keep faces with a box but no landmarks, as
            faces whose points all have a visibility of 0. Defaults to False.

    Returns:
        Annotations: Has ``faults`` if the file cannot be used.

    Raises:
        FileNotFoundError: The file does not exist.
    """
    found = Annotations(ann_file)
    if content is None:
        if not exists(ann_file):
            raise FileNotFoundError(
                f'Annotation file {ann_file} does not exist. Check `data_root` '
                'and `ann_file` of the data set in the config.')
        try:
            content = parse_json(get(ann_file))
        except ValueError as error:
            found.faults.append(
                Fault('json', f'it is not JSON ({error}). {_REMEDY}'))
            return found
    _Reading(found, metainfo, with_rgb, unlabelled).read(content)
    return found


class _Reading:
    """Reads one file in a single pass and stores the results in ``found``."""

    def __init__(self, found: Annotations, metainfo: Optional[dict],
                 with_rgb: bool, unlabelled: bool) -> None:
        self.found = found
        self.metainfo = metainfo
        self.with_rgb = with_rgb
        self.unlabelled = unlabelled
        self.numbers: Dict[Any, int] = {}  # image indices by id
        self.refused: Dict[Any, str] = {}  # faults of unusable images by id
        self.faces: Optional[set] = None  # ids of face categories, None for all
        # By rule and reason: records that are not faces, and wrong faces.
        self.others: Dict[Tuple[str, str], LeftOut] = {}
        self.wrong: Dict[Tuple[str, str], LeftOut] = {}

    def read(self, content: Any) -> None:
        if not self._is_coco(content):
            return
        self._read_images(content['images'])
        self._read_categories(content.get('categories') or [])
        by_image = self._sort(content['annotations'])
        self._choose_categories(by_image)
        if self.found.faults:
            return
        for number in sorted(by_image):
            for annotation in by_image[number]:
                self._read_face(annotation, number)
        self._conclude()

    def _is_coco(self, content: Any) -> bool:
        other = made_by(content)
        if other:
            self._fault('json', f'it looks like a file {other}.')
        elif not isinstance(content, dict):
            self._fault('json', 'it must be an object with "images", '
                        f'"annotations" and "categories". {_REMEDY}')
        else:
            for kind in KINDS:
                if not isinstance(content.get(kind), list) and not (
                        kind == 'categories' and content.get(kind) is None):
                    self._fault(
                        'json', f'"{kind}" is missing or not a list. {_REMEDY}')
                    break
        return not self.found.faults

    def _fault(self, check: str, message: str, images: Sequence[int] = ()) -> None:
        self.found.faults.append(Fault(check, message, list(images)))

    def _refuse_records(self, kind: str, faults: List[str]) -> None:
        """Reports all faulty records of a required kind as one fault."""
        if faults:
            more = (f' {len(faults) - 1} more records of "{kind}" have faults.'
                    if len(faults) > 1 else '')
            self._fault(kind, f'{faults[0]}.{more} {_REMEDY}')

    def _refuse_repeated(self, kind: str, ids: List[Any]) -> None:
        if len(set(ids)) < len(ids):
            (name, times), = Counter(ids).most_common(1)
            self._fault('ids', f'"{kind}" has the id {name} {times} times. '
                        f'Renumber all of "{kind}".')

    @staticmethod
    def _count(group: Dict[Tuple[str, str], LeftOut], check: str, reason: str,
               first: str, image: Optional[int] = None,
               kind: str = 'annotations') -> None:
        one = group.setdefault((check, reason), LeftOut(reason, first, kind=kind))
        if image is None:
            one.without_image += 1
        else:
            one.images.append(image)

    def _read_images(self, records: List[Any]) -> None:
        for number, image in enumerate(records):
            what = next(record_faults('images', image), None)
            try:
                for name in _FILES if what is None else ():
                    if image.get(name):
                        image[name] = portable_name(image[name])
            except ValueError as error:
                what = f'has "{name}": {error}'
            if what is not None:
                self._leave_out_image(image, f'"images"[{number}] {what}')
                continue
            image['id'] = plain_id(image['id'])
            self.numbers.setdefault(image['id'], len(self.found.images))
            self.found.images.append(image)
        self._refuse_repeated('images',
                              [image['id'] for image in self.found.images])

    def _leave_out_image(self, record: Any, what: str) -> None:
        """Counts an unusable image; :meth:`_sort` refuses the file if it is needed."""
        name = record.get('id') if isinstance(record, dict) else None
        if isinstance(name, (int, float, str)):
            self.refused.setdefault(name, what)
        self._count(self.others, 'images', FAULTY_RECORD, what, kind='images')

    def _read_categories(self, records: List[Any]) -> None:
        faults = [f'"categories"[{number}] {what}'
                  for number, record in enumerate(records)
                  for what in islice(record_faults('categories', record), 1)]
        self._refuse_records('categories', faults)
        if not faults:
            self.found.categories = records

    def _choose_categories(self, by_image: Dict[int, List[dict]]) -> None:
        annotations = [one for here in by_image.values() for one in here]
        self.faces = face_categories(self.found.categories, annotations,
                                     self.metainfo)
        order = other_order(
            self.found.categories,
            {one.get('category_id') for one in annotations}
            if self.faces is None else self.faces, self.metainfo)
        if order:
            self._fault('categories', order)

    def _sort(self, annotations: List[Any]) -> Dict[int, List[dict]]:
        """Groups annotations by the index of their image."""
        by_image: Dict[int, List[dict]] = defaultdict(list)
        ids, needed = [], {}
        for number, record in enumerate(annotations):
            breach = self._misplaced(record)
            if breach is not None:
                check, reason, what = breach
                self._count(self.wrong, check, reason,
                            f'"annotations"[{number}] {what}. {_REMEDY}')
                continue
            for key in ('id', 'image_id', 'category_id'):
                record[key] = plain_id(record.get(key))
            if record['image_id'] in self.refused:
                needed[record['image_id']] = self.refused[record['image_id']]
                continue
            ids.append(record['id'])
            by_image[self.numbers[record['image_id']]].append(record)
        self._refuse_records('images', list(needed.values()))
        self._refuse_repeated('annotations', ids)
        return by_image

    def _misplaced(self, record: Any) -> Optional[Breach]:
        """The breach that hides which image an annotation belongs to, if any."""
        what = next(record_faults('annotations', record), None)
        if what is None and self.metainfo is None and record.get(
                'category_id') is None:
            what = 'has no "category_id"'
        if what is not None:
            return 'annotations', FAULTY_RECORD, what
        name = plain_id(record['image_id'])
        if name in self.numbers or name in self.refused:
            return None
        # The id may be written as text in one place and as a number in the other.
        alike = [one for one in self.numbers if str(one) == str(name)]
        hint = f' (there is {short(alike[0])}: one is text)' if alike else ''
        return ('image_id', 'of an image that is not in "images"',
                f'is of the image {short(name)}, which is not in "images"{hint}')

    def _read_face(self, annotation: dict, number: int) -> None:
        image = self.found.images[number]
        name = (f'annotation {annotation["id"]} of image '
                f'"{image["file_name"]}"')
        reason = self._reason_to_leave_out(annotation)
        breach = None if reason else self._normalise(annotation, image, name)
        if reason is None and breach is None and self.metainfo and \
                not (self.unlabelled or annotation['num_keypoints']):
            reason = 'without a labelled point'
        if reason:
            self._count(self.others, 'annotations', reason, name, number)
        elif breach:
            self._count(self.wrong, *breach, number)
        else:
            self.found.faces.append(annotation)
            self.found.image_of.append(number)

    def _reason_to_leave_out(self, annotation: dict) -> Optional[str]:
        if self.faces is not None and \
                annotation['category_id'] not in self.faces:
            return 'of another category'
        if annotation['category_id'] is None:
            annotation['category_id'] = 1  # MMPose wants a number
        if annotation.get('iscrowd'):
            return 'of crowds'
        # CVAT writes tracks like this, with an empty box, while the object is not
        # visible.
        if self.metainfo and not annotation.get('keypoints'):
            if not self.unlabelled or annotation.get('bbox') == [0, 0, 0, 0]:
                return 'without "keypoints"'
            annotation['keypoints'] = [0] * 3 * self.metainfo['num_keypoints']
        return None

    def _normalise(self, annotation: dict, image: dict,
                   name: str) -> Optional[Breach]:
        annotation['iscrowd'] = 0
        if not is_number(annotation.get('area', 0)):
            del annotation['area']  # MMPose estimates it
        breach: Optional[Breach] = None
        if self.metainfo is not None:
            count = self.metainfo['num_keypoints']
            for key in ('keypoints', 'rgb_keypoints')[:1 + self.with_rgb]:
                if annotation.get(key) and breach is None:
                    annotation[key], breach = landmarks(
                        annotation[key], count, name,
                        self.metainfo['dataset_name'], key)
            annotation['num_keypoints'] = count - annotation['keypoints'][
                2::3].count(0)
        if breach is None and (self.metainfo is None or self.unlabelled
                               or annotation['num_keypoints']):
            breach = box_breach(annotation.get('bbox'), image['width'],
                                image['height'], name)
        if breach is None and self.with_rgb and self.metainfo is not None \
                and image.get('rgb_file_name'):
            try:
                rgb_to_thermal(image, annotation)
            except ValueError as error:
                breach = ('alignment', 'with an RGB partner that cannot be aligned',
                          f'{name}: {error}')
        return breach

    def _conclude(self) -> None:
        """Decides whether the wrong records make the whole file unusable."""
        found = self.found
        count = sum(one.count for one in self.wrong.values())
        tolerated = max(1, MAX_WRONG_SHARE * (count + len(found.faces)))
        if count > tolerated or (count and not found.faces):
            for (check, _), one in self.wrong.items():
                more = (f' {one.count} annotations are like this.'
                        if one.count > 1 else '')
                self._fault(check, one.first + more, one.images)
        else:
            found.left_out.extend(self.wrong.values())
        found.left_out.extend(self.others.values())
        if self.metainfo is None or found.faults:
            return
        if found.faces:
            self._check_form()
        else:
            self._fault('faces', 'it holds no face with landmarks. Check its '
                        f'"annotations".{self._why()}')

    def _check_form(self) -> None:
        faces = self.found.faces
        labelled = [i for i, face in enumerate(faces) if face['num_keypoints']]
        chosen = labelled[::-(-len(labelled) // _LOOKED_AT) or 1]
        if not chosen:
            return
        images = [self.found.images[self.found.image_of[i]] for i in chosen]
        breach = systematic_breach(
            [faces[i]['keypoints'] for i in chosen],
            [faces[i]['bbox'] for i in chosen],
            [(image['width'], image['height']) for image in images])
        if breach is not None:
            check, _, message = breach
            self._fault(check, message,
                        [self.found.image_of[i] for i in chosen[:8]])

    def _why(self) -> str:
        """Guesses why a file has no faces."""
        assert self.metainfo is not None
        count = self.metainfo['num_keypoints']
        bare = self.others.get(('annotations', 'without "keypoints"'))
        images = set(bare.images) if bare else set()
        if bare and count > 1 and len(bare.images) >= count * len(images):
            return (f' There are {len(bare.images)} annotations without '
                    f'"keypoints" in {len(images)} images: it '
                    f'{LIKE_SINGLE_POINTS} * {count}.')
        left = self.found.what_is_left_out()
        return f' It was {left}' if left else ''
