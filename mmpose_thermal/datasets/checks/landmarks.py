"""Checks of the data doctor for misplaced landmarks."""
import numpy as np

from ..alignment import is_mirrored
from ..annotations.rules import outside_image
from .findings import Add, Faces, image_examples

# Fractions of the face box.
_OUTSIDE_BOX = .1
_NEVER_VARIES = .002
_FEW_FACES = 30
_MANY_OUTSIDE = .05  # fraction of the landmarks
_MIRRORED_WARNING, _MIRRORED_ERROR = .01, .5


def _check_places(data: Faces, metainfo: dict, add: Add):
    """Finds landmarks outside the image or box, or at the origin."""

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
           'outside their image.', 'A few clipped faces are normal; with many, '
           'x and y or the image sizes are probably mixed up.')
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
            '(0, 0) and count as labelled. Set the visibility of unlabelled '
            'points to 0.', data.examples(corner.any(1)))


def _check_mirrored(data: Faces, metainfo: dict, add: Add):
    """Finds faces with right and left swapped."""
    regions = metainfo.get('regions', {})
    below = regions.get('mouth') or regions.get('jaw')
    if 'interocular' not in metainfo or not below:
        return
    ends = [*metainfo['interocular'], below]
    known = np.logical_and.reduce([(data.points[:, end, 2] > 0).all(1)
                                   for end in ends])
    right, left, mouth = (data.points[:, end, :2].mean(1) for end in ends)
    # In a full profile the eyes coincide, so the sides cannot be distinguished.
    apart = np.linalg.norm(left - right, axis=1) > .2 * np.sqrt(
        data.boxes[:, 2] * data.boxes[:, 3])
    judged = known & apart
    mirrored = judged & is_mirrored(right, left, mouth)
    share = mirrored.sum() / max(judged.sum(), 1)
    if share > _MIRRORED_WARNING:
        add('error' if share > _MIRRORED_ERROR else 'warning', 'left-right',
            f'{mirrored.sum()} of {judged.sum()} faces have right and left '
            'swapped ("right" is the subject\'s right, on the left of an '
            'image). Either the images are mirrored or the order of the points '
            'differs from the metainfo.', data.examples(mirrored))


def _check_variation(data: Faces, metainfo: dict, add: Add):
    """Finds points that never vary, coincide, or are never labelled."""
    names = metainfo['keypoint_id2name']
    labelled = data.points[..., 2] > 0
    never = np.flatnonzero(~labelled.any(0))
    if len(never):
        add('warning', 'never labelled',
            f'points {[names[i] for i in never]} are not labelled in any face: '
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
        # A handful of faces made from one template may be a deliberate trial.
        is_trial = len(data.points) < _FEW_FACES and \
            len(constant) == labelled.any(0).sum()
        add('warning' if is_trial else 'error', 'constant points',
            f'points {[names[i] for i in constant]} are at the same place in '
            'the box of every face, so they were not labelled by hand. Mark '
            'them as not labelled (visibility 0).')
    first = place[:8]
    distance = np.abs(first[:, :, None] - first[:, None]).max((0, -1))
    same = [(i, j) for i, j in np.argwhere(distance == 0) if i < j
            and (np.nan_to_num(place[:, i] - place[:, j]) == 0).all()]
    if same:
        add('error', 'coinciding points',
            f'points {[(names[i], names[j]) for i, j in same[:4]]} coincide '
            'in every face: a column was repeated.')


def _check_normaliser(data: Faces, metainfo: dict, add: Add):
    """Finds faces whose error cannot be normalised, such as profiles."""
    if not all(metainfo.get('interocular', ())):
        return
    ends = [point for end in metainfo.get('interocular', ()) for point in end]
    unknown = (data.points[:, ends, 2] <= 0).any(1)
    if ends and unknown.any():
        add('warning', 'interocular',
            f'{unknown.sum()} faces have an unlabelled outer eye corner. They '
            'can be used for training, but FaceAlignmentMetric cannot '
            'normalise their error by "interocular", its default. Test with '
            'normalizers=("box", ), or leave them out of the test file.',
            data.examples(unknown))


def _check_images(data: Faces, add: Add):
    """Finds images without faces, or without a partner where others have one."""
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


def _note_unlabelled(data: Faces, add: Add):
    count = (~data.labelled).sum()
    if count:
        which = (f'{count} of {len(data.labelled)} faces have'
                 if data.labelled.any() else f'all {count} faces have')
        add('note', 'unlabelled', f'{which} a box and no landmarks. They are used '
            'for distillation with `unlabelled="keep"`, and not otherwise.',
            data.examples(~data.labelled))


def check_landmarks(data: Faces, metainfo: dict, add: Add):
    """Runs all checks of the landmarks of a file, and of images without any."""
    if data.labelled.any():
        for check in (_check_places, _check_mirrored, _check_variation,
                      _check_normaliser):
            check(data.with_landmarks(), metainfo, add)
    _note_unlabelled(data, add)
    _check_images(data, add)
