"""The data doctor: what is wrong with annotation files and their images."""
import hashlib
import json
import os.path as osp
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import cv2
import mmengine
import numpy as np

from mmpose_thermal.runtime.radiometry import CELSIUS_K, DEFAULT_SCALE

from .alignment import is_mirrored, rgb_to_thermal
from .datasets.thermal_face_dataset import image_fields
from .point_sets import find_point_set, load_metainfo
from .transforms.loading import LoadThermalImage, read_image

# Shares of the face box.
_BOX_PADDING = .125  # as MMPose's crops: 1.25 times the box
_OUTSIDE_BOX = .1
_SEARCH = .2  # how far a misaligned partner is looked for
_SHIFT_WARNING, _SHIFT_ERROR = .03, .10
_NEVER_VARIES = .002
_MIRRORED_WARNING, _MIRRORED_ERROR = .01, .5
_EDGES_AGREE = .25  # correlation of edges from which a shift is believed
_FINGERPRINT = 16  # side, in coefficients
_NEAR_BITS = 24  # of 256 that two near-duplicates may differ in
_FLAT_LEVELS = 4.
_COMPARED_AT_ONCE = 2**25  # pairs of fingerprints; 128 MiB
_TEMPLATE_PX = 96
_PLAUSIBLE_K = (233.15, 353.15)  # a scene with a face in it
_MAX_EXAMPLES = 8


@dataclass
class Finding:
    """One thing that was found.

    Attributes:
        level (str): 'error': training would be wrong or fail; 'warning':
            worth a look.
        check (str): Short name.
        message (str): What, how often, and the remedy.
        examples (list[tuple[str, int]]): Up to eight annotation files and
            numbers of images in them.
    """
    level: str
    check: str
    message: str
    examples: List[Tuple[str, int]] = field(default_factory=list)


@dataclass
class Inspection:
    """All that was found.

    Attributes:
        findings (list[Finding]): Errors first.
        statistics (dict): By annotation file, and ``normalisation`` by
            modality.
        checked (list[str]): Names of the checks that were made.
    """
    findings: List[Finding]
    statistics: dict
    checked: List[str]

    @property
    def failed(self) -> bool:
        """Whether training on this would be wrong."""
        return any(finding.level == 'error' for finding in self.findings)

    def to_dict(self) -> dict:
        """As plain values, for json."""
        return dict(asdict(self), failed=self.failed)


@dataclass
class AnnotationFile:
    """A COCO json with its points as arrays.

    Attributes:
        name (str): The path as given.
        images (list[dict]): As in the file.
        annotations (list[dict]): Those whose fields can be used at all.
        points (np.ndarray): (N, K, 3), of ``annotations``.
        boxes (np.ndarray): (N, 4), x, y, width, height.
        image_of (np.ndarray): Index into ``images``, (N, ).
        img_dir, rgb_dir (str): Folders of the images.
    """
    name: str
    images: List[dict]
    annotations: List[dict]
    points: np.ndarray
    boxes: np.ndarray
    image_of: np.ndarray
    img_dir: str
    rgb_dir: str

    def examples(self, faces: np.ndarray) -> List[Tuple[str, int]]:
        """Examples of a finding, from a mask of faces."""
        return self.image_examples(self.image_of[faces])

    def image_examples(self, images: Sequence[int]) -> List[Tuple[str, int]]:
        """Examples of a finding, from numbers of images."""
        return [(self.name, int(i)) for i in images[:_MAX_EXAMPLES]]


def _are_finite(numbers) -> bool:
    try:
        return bool(np.isfinite(np.asarray(numbers, float)).all())
    except (ValueError, TypeError):
        return False


def _read_coco(name: str) -> dict:
    try:
        with open(name) as file:
            coco = json.load(file)
        coco['annotations']
        for image in coco['images']:
            hash(image['id'])
            image['file_name'], image['width'], image['height']
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{name} is no COCO json with "images" and '
                         f'"annotations": {type(error).__name__} {error}.')
    return coco


def read_annotations(name: str, coco: dict, img_dir: str, rgb_dir: str,
                     metainfo: dict,
                     findings: List[Finding]) -> AnnotationFile:
    """Sorts an annotation file; what is wrong with its fields is a finding.

    Args:
        name (str): Its path.
        coco (dict): Its content.
        img_dir, rgb_dir (str): Folders that file names are relative to.
        metainfo (dict): Parsed.
        findings (list[Finding]): Extended.

    Returns:
        AnnotationFile: With all faces that can be inspected.
    """
    images, annotations = coco['images'], coco['annotations']
    index = {image['id']: i for i, image in enumerate(images)}
    broken = defaultdict(list)

    def usable(annotation):
        image = index.get(annotation.get('image_id'))
        if image is None:
            return 'image_id', -1, 'of an image that is not in the file'
        points, box = annotation.get('keypoints'), annotation.get('bbox')
        expected = metainfo['num_keypoints']
        if points is None or len(points) != 3 * expected:
            return ('keypoints', image,
                    f'with other than {expected} keypoints, the number of '
                    f'"{metainfo["dataset_name"]}" (--points)')
        if not _are_finite(points):
            return ('keypoints', image,
                    'with a keypoint that is no finite number')
        box = np.asarray(box if _are_finite(box) else [], float)
        if box.shape != (4, ) or (box[2:] <= 0).any():
            return 'bbox', image, 'without a box that has an area'
        return None

    kept = []
    for annotation in annotations:
        wrong = usable(annotation)
        if wrong:
            broken[wrong[0], wrong[2]].append(wrong[1])
        else:
            kept.append(annotation)
    for (check, what), found in broken.items():
        findings.append(
            Finding('error', check,
                    f'{name}: {len(found)} annotations {what}. Correct or '
                    'remove them.',
                    [(name, i) for i in found[:_MAX_EXAMPLES] if i >= 0]))
    for what, ids in (('images', [image['id'] for image in images]),
                      ('annotations',
                       [annotation.get('id') for annotation in annotations])):
        if len(set(ids)) < len(ids):
            findings.append(
                Finding('error', 'ids',
                        f'{name}: {len(ids) - len(set(ids))} {what} share an '
                        '"id" with another. Number them anew.'))
    count = metainfo['num_keypoints']
    return AnnotationFile(
        name, images, kept,
        np.array([annotation['keypoints'] for annotation in kept],
                 float).reshape(-1, count, 3),
        np.array([annotation['bbox'] for annotation in kept],
                 float).reshape(-1, 4),
        np.array([index[annotation['image_id']] for annotation in kept],
                 int), img_dir, rgb_dir)


# ---------------------------------------------------------------- annotations


def _check_places(data: AnnotationFile, metainfo: dict, add: Callable):
    """Landmarks outside image or box, and at the origin."""
    if not len(data.points):
        return
    xy, labelled = data.points[..., :2], data.points[..., 2] > 0
    size = np.array([[image['width'], image['height']]
                     for image in data.images], float)[data.image_of]
    total = max(labelled.sum(), 1)
    outside = labelled & ((xy < -.5) | (xy > size[:, None] - .5)).any(-1)
    if outside.any():
        share = outside.sum() / total
        add('error' if share > .05 else 'warning', 'outside image',
            f'{outside.sum()} landmarks ({share:.2%}) of {outside.any(1).sum()}'
            ' faces lie outside their image. Clipped faces are normal; many '
            'mean that x and y, or the image sizes, are confused.',
            data.examples(outside.any(1)))
    low = data.boxes[:, None, :2] - _OUTSIDE_BOX * data.boxes[:, None, 2:]
    high = low + (1 + 2 * _OUTSIDE_BOX) * data.boxes[:, None, 2:]
    beyond = labelled & ((xy < low) | (xy > high)).any(-1)
    if beyond.any():
        share = beyond.sum() / total
        add('error' if share > .05 else 'warning', 'outside box',
            f'{beyond.sum()} landmarks ({share:.2%}) of {beyond.any(1).sum()} '
            'faces lie clearly outside their box. The crop will not show '
            'them: make the boxes from the landmarks, or check that they are '
            '[x, y, width, height].', data.examples(beyond.any(1)))
    corner = labelled & (xy == 0).all(-1)
    if corner.any():
        add('error', 'origin',
            f'{corner.sum()} landmarks of {corner.any(1).sum()} faces lie at '
            '(0, 0) and count as labelled. Give those without a label '
            'visibility 0.', data.examples(corner.any(1)))


def _check_mirrored(data: AnnotationFile, metainfo: dict, add: Callable):
    """Right and left exchanged."""
    regions = metainfo.get('regions', {})
    below = regions.get('mouth') or regions.get('jaw')
    if 'interocular' not in metainfo or not below or not len(data.points):
        return
    ends = [*metainfo['interocular'], below]
    known = np.logical_and.reduce([(data.points[:, end, 2] > 0).all(1)
                                   for end in ends])
    right, left, mouth = (data.points[:, end, :2].mean(1) for end in ends)
    # In a full profile the eyes lie on each other: no side can be told.
    apart = np.linalg.norm(left - right, axis=1) > .2 * np.sqrt(
        data.boxes[:, 2] * data.boxes[:, 3])
    judged = known & apart
    mirrored = judged & is_mirrored(right, left, mouth)
    share = mirrored.sum() / max(judged.sum(), 1)
    if share > _MIRRORED_WARNING:
        add('error' if share > _MIRRORED_ERROR else 'warning', 'left-right',
            f'{mirrored.sum()} of {judged.sum()} faces have right and left '
            'exchanged ("right" is the subject\'s right, on the left of an '
            'image). Either the images are mirrored or the points are in '
            'another order than the metainfo\'s.', data.examples(mirrored))


def _check_variation(data: AnnotationFile, metainfo: dict, add: Callable):
    """Points that never vary, coincide, or are never labelled."""
    names = metainfo['keypoint_id2name']
    labelled = data.points[..., 2] > 0
    never = np.flatnonzero(~labelled.any(0))
    if len(never):
        add('warning', 'never labelled',
            f'points {[names[i] for i in never]} are labelled in no face: '
            'they will not be learned.')
    if len(data.points) < 8:
        return
    place = (data.points[..., :2] -
             data.boxes[:, None, :2]) / data.boxes[:, None, 2:]
    place[~labelled] = np.nan
    constant = [
        i for i in np.flatnonzero(labelled.sum(0) >= 8)
        if np.nanstd(place[:, i], axis=0).max() < _NEVER_VARIES
    ]
    if constant:
        add('error', 'constant points',
            f'points {[names[i] for i in constant]} lie at the same place of '
            'the box in every face: they were not labelled by hand. Mark them '
            'as not labelled (visibility 0).')
    first = place[:8]
    distance = np.abs(first[:, :, None] - first[:, None]).max((0, -1))
    same = [(i, j) for i, j in np.argwhere(distance == 0) if i < j
            and (np.nan_to_num(place[:, i] - place[:, j]) == 0).all()]
    if same:
        add('error', 'coinciding points',
            f'points {[(names[i], names[j]) for i, j in same[:4]]} coincide '
            'in every face: a column was repeated.')


def _check_empty(data: AnnotationFile, metainfo: dict, add: Callable):
    """Faces and images without labels."""
    bare = ~(data.points[..., 2] > 0).any(1)
    if bare.any():
        add('warning', 'no labels',
            f'{bare.sum()} faces have no labelled point and are left out of '
            'training.', data.examples(bare))
    lonely = sorted(set(range(len(data.images))) - set(data.image_of))
    if lonely:
        add('warning', 'no faces', f'{len(lonely)} images have no face and are '
            'not used.', data.image_examples(lonely))


ANNOTATION_CHECKS = (_check_places, _check_mirrored, _check_variation,
                     _check_empty)

# --------------------------------------------------------------------- images


def fingerprint(grey: np.ndarray) -> np.ndarray:
    """What an image looks like in 256 bits; alike for alike images.

    The signs of its lowest cosine coefficients about their median.

    Args:
        grey (np.ndarray): Shape (H, W), uint8.

    Returns:
        np.ndarray: Shape (32, ), uint8.
    """
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:_FINGERPRINT, :_FINGERPRINT]
    return np.packbits(low > np.median(low))


def _edges(grey: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5).astype(np.float32)
    strength = cv2.magnitude(
        cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0,
                                                       1))
    # Strong and weak edges alike: contrast says nothing across modalities.
    return np.log1p(strength)


def estimate_shift(thermal: np.ndarray, rgb: np.ndarray,
                   box: Sequence[float]) -> Tuple[float, float, float]:
    """Estimates from edges how far an RGB partner is shifted.

    Args:
        thermal (np.ndarray): Shape (H, W), uint8.
        rgb (np.ndarray): Shape (H, W, 3), uint8, on the thermal grid.
        box (Sequence[float]): Of the face: x, y, width, height, pixels.

    Returns:
        tuple: Shift in x and y in shares of the box's side (the square root of
        its area), and the correlation of the edges there, up to 1.
    """
    centre = np.array(box[:2]) + .5 * np.array(box[2:])
    side = 1.1 * np.sqrt(box[2] * box[3])
    reach = int(round(_TEMPLATE_PX * _SEARCH))

    def crop(image, extent, size):
        scale = size / extent
        matrix = np.array([[scale, 0, size / 2 - scale * centre[0]],
                           [0, scale, size / 2 - scale * centre[1]]])
        return cv2.warpAffine(
            image, matrix, (size, size), flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE)

    template = _edges(crop(thermal, side, _TEMPLATE_PX))
    wide = _TEMPLATE_PX + 2 * reach
    grey = cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY)
    scene = _edges(crop(grey, side * wide / _TEMPLATE_PX, wide))
    agreement = cv2.matchTemplate(scene, template, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(agreement)
    to_share = 1.1 / _TEMPLATE_PX
    return (x - reach) * to_share, (y - reach) * to_share, float(best)


def _inspect_image(task) -> dict:
    """Decodes one image and its partner; finds what only pixels tell."""
    image, boxes, matrix, estimate, img_dir, rgb_dir = task
    cv2.setNumThreads(1)
    found: Dict[str, Any] = dict(errors=[])
    sample = dict(
        image_fields(image), img_path=osp.join(img_dir, image['file_name']))
    try:
        raw = read_image(sample['img_path'])
        thermal = LoadThermalImage().grey_levels(raw, sample)
    except (ValueError, FileNotFoundError) as error:
        found['errors'].append((_kind_of(error), str(error)))
        return found
    if thermal.shape != (image['height'], image['width']):
        found['errors'].append(
            ('size', f'{sample["img_path"]} is {thermal.shape[1]}x'
             f'{thermal.shape[0]} pixels, declared are {image["width"]}x'
             f'{image["height"]}.'))
        return found
    found['flat'] = bool(np.ptp(thermal) < _FLAT_LEVELS)
    if image.get('bit_depth', 8) != 8:
        found.update(_radiometry(raw, sample))
    found['sha1'] = hashlib.sha1(thermal.tobytes()).hexdigest()
    found['fingerprint'] = fingerprint(thermal)
    found['thermal'] = _moments(thermal, boxes)
    if rgb_dir is None or not image.get('rgb_file_name'):
        return found
    path = osp.join(rgb_dir, image['rgb_file_name'])
    try:
        rgb = read_image(path, cv2.IMREAD_COLOR)
    except (ValueError, FileNotFoundError) as error:
        found['errors'].append((_kind_of(error), str(error)))
        return found
    if matrix is not None:
        rgb = cv2.warpPerspective(rgb, np.array(matrix), thermal.shape[::-1])
    elif rgb.shape[:2] != thermal.shape:
        found['errors'].append(
            ('pair size', f'{path} is {rgb.shape[1]}x{rgb.shape[0]} pixels, '
             f'its thermal partner {thermal.shape[1]}x{thermal.shape[0]}, and '
             'there is no "rgb_homography" (tools/misc/register_pairs.py).'))
        return found
    found['rgb'] = _moments(rgb[..., ::-1], boxes)
    if estimate and len(boxes):
        found['shift'] = estimate_shift(thermal, rgb, boxes[0])
    return found


def _radiometry(raw: np.ndarray, sample: dict) -> dict:
    """Median temperature, and whether 16 bits hold no more than 8."""
    scale = sample.get('temperature_scale', DEFAULT_SCALE[raw.dtype.name])
    median = float(np.median(raw[::4, ::4]))
    return dict(
        kelvin=median * scale + sample.get('temperature_offset', 0.),
        narrow=bool(raw.dtype == np.uint16 and raw.max() < 256))


def _kind_of(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return 'missing'
    return 'depth' if 'bit_depth' in str(error) else 'unreadable'


def _moments(image: np.ndarray, boxes: Sequence[Sequence[float]]):
    """Number, sum and sum of squares of the pixels that crops will show."""
    total = np.zeros((3, 1 if image.ndim == 2 else 3))
    for x, y, w, h in boxes:
        left, top = int(max(x - _BOX_PADDING * w, 0)), int(
            max(y - _BOX_PADDING * h, 0))
        part = image[top:int(y + (1 + _BOX_PADDING) * h) + 1,
                     left:int(x + (1 + _BOX_PADDING) * w) + 1]
        pixels = part.reshape(-1, total.shape[1]).astype(np.float64)
        total += [
            np.full(total.shape[1], len(pixels)),
            pixels.sum(0), (pixels**2).sum(0)
        ]
    return total


def _tasks(data: AnnotationFile, with_rgb: bool, shift_samples: int, add):
    of_image = defaultdict(list)
    for face, image in enumerate(data.image_of):
        of_image[int(image)].append(face)
    paired = [
        i for i, image in enumerate(data.images)
        if image.get('rgb_file_name') and of_image[i]
    ]
    chosen = set(paired[::max(len(paired) // max(shift_samples, 1), 1)])
    tasks = []
    for i, image in enumerate(data.images):
        faces = of_image[i]
        matrix = None
        try:
            matrix = rgb_to_thermal(
                image, data.annotations[faces[0]] if faces else {})
        except ValueError as error:
            add('error', 'alignment', f'{image["file_name"]}: {error}',
                [(data.name, i)])
        tasks.append((image, data.boxes[faces].tolist(), matrix, i in chosen,
                      data.img_dir, data.rgb_dir if with_rgb else None))
    return tasks


def _check_pixels(data: AnnotationFile, found: List[dict], add: Callable):
    by_kind = defaultdict(list)
    for i, result in enumerate(found):
        for kind, message in result['errors']:
            by_kind[kind].append((i, message))
    for kind, messages in by_kind.items():
        add('error', kind,
            f'{len(messages)} images. First: {messages[0][1]}',
            data.image_examples([i for i, _ in messages]))
    flat = [i for i, result in enumerate(found) if result.get('flat')]
    if flat:
        add('warning', 'flat',
            f'{len(flat)} images have hardly any contrast (a closed shutter, '
            'or a 16-bit file stored with 8 bits).',
            data.image_examples(flat))
    narrow = [i for i, result in enumerate(found) if result.get('narrow')]
    if narrow:
        add('error', 'depth',
            f'{len(narrow)} 16-bit images hold values below 256 only: they '
            'were 8-bit images before, and their temperatures are lost.',
            data.image_examples(narrow))
    low, high = _PLAUSIBLE_K
    strange = [i for i, result in enumerate(found)
               if not low <= result.get('kelvin', low) <= high]
    if strange:
        add('warning', 'temperatures',
            f'{len(strange)} images have a median temperature outside '
            f'{low - CELSIUS_K:.0f} to {high - CELSIUS_K:.0f} degrees C, the '
            f'first {found[strange[0]]["kelvin"] - CELSIUS_K:.1f}. Correct '
            '"temperature_scale" and "temperature_offset" (kelvin = raw * '
            'scale + offset), or do not use gain="window".',
            data.image_examples(strange))
    shifts = np.array([
        result['shift'] for result in found if 'shift' in result
    ]).reshape(-1, 3)
    if not len(shifts):
        return None
    believed = shifts[shifts[:, 2] >= _EDGES_AGREE, :2]
    if len(believed) < max(5, .1 * len(shifts)):
        return dict(pairs=len(shifts), believed=len(believed))
    length = np.linalg.norm(believed, axis=1)
    median = np.median(believed, axis=0)
    common = float(np.linalg.norm(median))
    statistics = dict(
        pairs=len(shifts),
        believed=len(believed),
        median_xy=median.round(4).tolist(),
        length_percentiles={
            str(p): round(float(np.percentile(length, p)), 4)
            for p in (10, 50, 90)
        })
    if common > _SHIFT_WARNING:
        worst = np.flatnonzero([
            'shift' in result and np.linalg.norm(result['shift'][:2]) > common
            and result['shift'][2] >= _EDGES_AGREE for result in found
        ])
        add('error' if common > _SHIFT_ERROR else 'warning', 'misaligned',
            f'RGB partners seem shifted by {median[0]:+.1%} of the face box '
            f'in x and {median[1]:+.1%} in y (median of {len(believed)} pairs '
            'whose edges agree; a shift costs landmarks as much accuracy). '
            'Register them: tools/misc/register_pairs.py.',
            data.image_examples(worst))
    return statistics


# ------------------------------------------------------------- between splits


def _check_splits(files: Sequence[AnnotationFile], add: Callable):
    """Subjects and files in more than one split."""
    for name, what, remedy in (
        ('subject_id', 'subjects', 'The test would measure memory: split by '
         'subject.'),
        ('file_name', 'files', 'Keep each in one split.')):
        where = defaultdict(set)
        for data in files:
            for i, image in enumerate(data.images):
                if image.get(name) is not None:
                    where[image[name]].add(data.name)
        shared = [value for value, names in where.items() if len(names) > 1]
        if shared:
            add('error', f'shared {what}',
                f'{len(shared)} {what} occur in more than one of the files, '
                f'first {shared[0]}. {remedy}')


def _check_duplicates(files: Sequence[AnnotationFile],
                      found: Sequence[List[dict]], add: Callable):
    """Equal images within and across splits, and near-equal across."""
    seen = {}
    within, across = [], []
    for data, results in zip(files, found):
        for i, result in enumerate(results):
            if 'sha1' not in result:
                continue
            first = seen.setdefault(result['sha1'], (data.name, i))
            if first != (data.name, i):
                (within if first[0] == data.name else across).append(
                    (first, (data.name, i)))
    for level, what, pairs in (('error', 'across splits', across),
                               ('warning', 'within a split', within)):
        if pairs:
            add(level, f'duplicates {what}',
                f'{len(pairs)} images are equal, pixel by pixel, to another '
                f'{what}. Keep one of each.',
                [place for pair in pairs[:_MAX_EXAMPLES // 2]
                 for place in pair])
    exact = {place for pair in across for place in pair}
    near = [
        pair for one in range(len(files)) for other in range(one + 1, len(files))
        for pair in _near_pairs(files[one].name, found[one], files[other].name,
                                found[other]) if pair[1] not in exact
    ]
    if near:
        add('warning', 'near-duplicates across splits',
            f'{len(near)} images look nearly like one of another split. Look '
            'whether they show the same moment.',
            [place for pair in near[:_MAX_EXAMPLES // 2] for place in pair])


def _near_pairs(name, results, other_name, others):
    """For each image of the other file its nearest here, if near enough."""
    def signs(found):
        known = [i for i, r in enumerate(found) if 'fingerprint' in r]
        bits = np.unpackbits(
            np.array([found[i]['fingerprint'] for i in known],
                     np.uint8).reshape(len(known), -1), axis=1)
        return known, bits.astype(np.float32) * 2 - 1

    known, ours = signs(results)
    other_known, theirs = signs(others)
    pairs = []
    if not len(ours) or not len(theirs):
        return pairs
    chunk = max(_COMPARED_AT_ONCE // len(ours), 1)
    for start in range(0, len(theirs), chunk):
        agreement = theirs[start:start + chunk] @ ours.T
        nearest = agreement.argmax(1)
        best = agreement[np.arange(len(nearest)), nearest]
        for row in np.flatnonzero(best >= 256 - 2 * _NEAR_BITS):
            pairs.append(((name, known[nearest[row]]),
                          (other_name, other_known[start + row])))
    return pairs


# ------------------------------------------------------------------ the whole


def _statistics(data: AnnotationFile, metainfo: dict) -> dict:
    sizes = defaultdict(int)
    for image in data.images:
        sizes[f'{image["width"]}x{image["height"]}'] += 1
    statistics = dict(
        images=len(data.images),
        faces=len(data.points),
        subjects=len({
            image['subject_id']
            for image in data.images if 'subject_id' in image
        }),
        pairs=sum(bool(image.get('rgb_file_name')) for image in data.images),
        image_sizes=dict(sorted(sizes.items(), key=lambda item: -item[1])[:5]),
        bit_depths=sorted({image.get('bit_depth', 8)
                           for image in data.images}))
    if len(data.points):
        side = np.sqrt(data.boxes[:, 2] * data.boxes[:, 3])
        statistics['box_side_px'] = _spread(side)
        if 'interocular' in metainfo:
            right, left = metainfo['interocular']
            known = (data.points[:, right + left, 2] > 0).all(1)
            distance = np.linalg.norm(
                data.points[known][:, right, :2].mean(1) -
                data.points[known][:, left, :2].mean(1), axis=1)
            if len(distance):
                statistics['interocular_px'] = _spread(distance)
    return statistics


def _spread(values: np.ndarray) -> dict:
    spread: Any = np.percentile(values, (0, 50, 100)).round(1)
    return dict(zip(('min', 'median', 'max'), spread.tolist()))


def _normalisation(found: Sequence[List[dict]]) -> Dict[str, dict]:
    """Mean and standard deviation of what crops show, by modality."""
    normalisation = {}
    for modality in ('thermal', 'rgb'):
        moments = [
            result[modality] for results in found for result in results
            if modality in result
        ]
        if not moments:
            continue
        count, total, squares = np.sum(moments, 0)
        if np.min(count) == 0:
            continue
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0))
        repeat = 3 if len(mean) == 1 else 1
        normalisation[modality] = dict(
            mean=mean.round(2).tolist() * repeat,
            std=std.round(2).tolist() * repeat)
    return normalisation


def _point_set_of(coco: dict) -> str:
    try:
        names = coco['categories'][0]['keypoints']
    except (LookupError, TypeError):
        return 'ibug68'
    return find_point_set(names) or 'ibug68'


def inspect(ann_files: Sequence[str],
            data_root: str = '',
            data_prefix: Optional[dict] = None,
            metainfo: Optional[str] = None,
            with_rgb: bool = True,
            shift_samples: int = 300,
            jobs: int = 1) -> Inspection:
    """Inspects annotation files and all images that they name.

    Args:
        ann_files (Sequence[str]): One a split.
        data_root (str): Folder of the data set.
        data_prefix (dict, optional): Folders of images in it, as the data
            set's ``data_prefix``: ``img`` and ``rgb``.
        metainfo (str, optional): Name of the point set, or a metainfo file.
            By default the one whose names the first file lists, else ibug68.
        with_rgb (bool): Whether partners are inspected too.
        shift_samples (int): Pairs of each file whose shift is estimated.
        jobs (int): Processes.

    Returns:
        Inspection: The findings, errors first, and statistics.

    Raises:
        ValueError: A file is no COCO json.
    """
    prefix = dict(dict(img='', rgb=''), **(data_prefix or {}))
    findings: List[Finding] = []
    files, found, statistics = [], [], {}
    for name in ann_files:
        coco = _read_coco(name)
        metainfo = metainfo or _point_set_of(coco)
        info = load_metainfo(dict(from_file=metainfo))
        data = read_annotations(name, coco,
                                osp.join(data_root, prefix['img']),
                                osp.join(data_root, prefix['rgb']), info,
                                findings)

        def add(level, check, message, examples=(), name=name):
            findings.append(
                Finding(level, check, f'{name}: {message}', list(examples)))

        for check in ANNOTATION_CHECKS:
            check(data, info, add)
        tasks = _tasks(data, with_rgb, shift_samples, add)
        track = (
            partial(
                mmengine.track_parallel_progress,
                nproc=jobs,
                chunksize=16,
                keep_order=True) if jobs > 1 else mmengine.track_progress)
        results = track(_inspect_image, tasks)
        print()
        statistics[name] = _statistics(data, info)
        kelvin = [result['kelvin'] for result in results if 'kelvin' in result]
        if kelvin:
            statistics[name]['median_temperature_c'] = _spread(
                np.array(kelvin) - CELSIUS_K)
        shift = _check_pixels(data, results, add)
        if shift:
            statistics[name]['shift_of_box_side'] = shift
        files.append(data)
        found.append(results)

    def add_common(level, check, message, examples=()):
        findings.append(Finding(level, check, message, list(examples)))

    _check_splits(files, add_common)
    _check_duplicates(files, found, add_common)
    statistics['normalisation'] = _normalisation(found)
    findings.sort(key=lambda finding: finding.level != 'error')
    return Inspection(findings, statistics, [
        'fields', 'missing and unreadable files', 'sizes and bit depths',
        'temperatures', 'landmarks outside image or box', 'left and right',
        'points that never vary', 'duplicates', 'shared subjects'
    ] + (['pair alignment'] if with_rgb else []))
