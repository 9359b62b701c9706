"""Landmarks that are at wrong places, as the data doctor sees it."""
import numpy as np

from ..alignment import is_mirrored
from ..annotations.rules import outside_image
from .findings import Add, Faces, image_examples

# Shares of the face box.
_OUTSIDE_BOX = .1
_NEVER_VARIES = .002
_FEW_FACES = 30
_MANY_OUTSIDE = .05  # share of the landmarks
_MIRRORED_WARNING, _MIRRORED_ERROR = .01, .5


def _check_places(data: Faces, metainfo: dict, add: Add):
    """Landmarks outside image or box, and at the origin."""

    def report(check, which, where, advice):
        if which.any():
            share = which.sum() / max(labelled.sum(), 1)
            add('error' if share > _MANY_OUTSIDE else 'warning', check,
                f'{which.sum()} landmarks ({share:.2%}) of '
                f'{which.any(1).sum()} faces lie {where} {advice}',
                data.examples(which.any(1)))

    xy, labelled = data.points[..., :2], data.points[..., 2] > 0
    size = np.array([[image['width'], image['height']]
                     for image in data.images], float)[data.image_of]
    report('outside image', labelled & outside_image(xy, size[:, None]),
           'outside their image.', 'Clipped faces are normal; many mean that x '
           'and y, or the image sizes, are confused.')
    low = data.boxes[:, None, :2] - _OUTSIDE_BOX * data.boxes[:, None, 2:]
    high = low + (1 + 2 * _OUTSIDE_BOX) * data.boxes[:, None, 2:]
    report('outside box', labelled & ((xy < low) | (xy > high)).any(-1),
           'clearly outside their box.', 'The crop will not show them: make the '
           'boxes from the landmarks, or check that they are [x, y, width, '
           'height].')
    corner = labelled & (xy == 0).all(-1)
    if corner.any():
        add('error', 'origin',
            f'{corner.sum()} landmarks of {corner.any(1).sum()} faces lie at '
            '(0, 0) and count as labelled. Give those without a label '
            'visibility 0.', data.examples(corner.any(1)))


def _check_mirrored(data: Faces, metainfo: dict, add: Add):
    """Right and left exchanged."""
    regions = metainfo.get('regions', {})
    below = regions.get('mouth') or regions.get('jaw')
    if 'interocular' not in metainfo or not below:
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


def _check_variation(data: Faces, metainfo: dict, add: Add):
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
        # A handful of faces by one template may be meant as a trial.
        is_trial = len(data.points) < _FEW_FACES and \
            len(constant) == labelled.any(0).sum()
        add('warning' if is_trial else 'error', 'constant points',
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


def _check_normaliser(data: Faces, metainfo: dict, add: Add):
    """Faces whose error cannot be normalised, as profiles."""
    if not all(metainfo.get('interocular', ())):
        return
    ends = [point for end in metainfo.get('interocular', ()) for point in end]
    unknown = (data.points[:, ends, 2] <= 0).any(1)
    if ends and unknown.any():
        add('warning', 'interocular',
            f'{unknown.sum()} faces have no label at an outer eye corner: '
            'they can be trained on, but FaceAlignmentMetric cannot measure '
            'them by "interocular", its default. Test with normalizers=("box",'
            ' ), or leave them out of the test file.', data.examples(unknown))


def _check_images(data: Faces, add: Add):
    """Images without faces, and without partners where others have one."""
    lonely = sorted(set(range(len(data.images))) - set(data.image_of.tolist()))
    if lonely:
        add('warning', 'no faces', f'{len(lonely)} images have no face and are '
            'not used.', image_examples(data.name, lonely))
    single = [i for i, image in enumerate(data.images)
              if not image.get('rgb_file_name')]
    if 0 < len(single) < len(data.images):
        add('warning', 'no partner',
            f'{len(single)} of {len(data.images)} images have no '
            '"rgb_file_name": training on pairs (with_rgb=True) refuses them '
            'unless require_rgb=False.', image_examples(data.name, single))


def check_landmarks(data: Faces, metainfo: dict, add: Add):
    """All checks of the landmarks of a file, and of images without any."""
    if len(data.points):
        for check in (_check_places, _check_mirrored, _check_variation,
                      _check_normaliser):
            check(data, metainfo, add)
    _check_images(data, add)
