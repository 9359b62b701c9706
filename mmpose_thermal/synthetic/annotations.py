"""Annotations of rendered faces: COCO json in any point set."""
import functools
from dataclasses import asdict

import numpy as np

from ..datasets.point_sets import (convert_keypoints, face_category,
                                   keypoint_mapping, load_metainfo)
from .pictures import CENTIKELVIN

_BOX_MARGIN = .1
_PUPILS = {'right_pupil': range(36, 42), 'left_pupil': range(42, 48)}
# Of a face, for evaluation by attribute.
_ATTRIBUTES = ('yaw_deg', 'glasses', 'mask', 'headwear', 'beard', 'hair',
               'sensor', 'gain', 'black_hot')


@functools.lru_cache(maxsize=None)
def _style(name):
    """Mapping from iBUG's points to a style's, and the style's indices by name.
    """
    info = load_metainfo(dict(from_file=name))
    mapping = keypoint_mapping('ibug68', name)
    return mapping, info['num_keypoints'], info['keypoint_name2id']


def in_style(keypoints, style):
    """Turns iBUG's points into those of another set.

    Args:
        keypoints (Sequence[float]): ``[x, y, v] * 68``.
        style (str): Name of the set.

    Returns:
        np.ndarray: Shape (K, 3); zeros where the place is not known.
    """
    points = np.reshape(keypoints, (-1, 3))
    mapping, count, indices = _style(style)
    return convert_keypoints(points, mapping + [
        (lids, indices[name]) for name, lids in _PUPILS.items()
        if name in indices], count).round(3)


def coco_json(records, spec, folder):
    """COCO json of records, with the images of a folder as the main ones."""
    images, annotations = [], []
    for index, record in enumerate(records, start=1):
        size = (spec.size, ) * 2
        if folder == 'rgb':
            size = record.get('rgb_size', size)
        image = dict(
            id=index,
            file_name=f'{folder}/{record["file_name"]}',
            width=size[0],
            height=size[1],
            subject_id=record['subject_id'])
        for field in ('sequence_id', 'frame'):
            if field in record:
                image[field] = record[field]
        if folder != 'rgb':
            image['rgb_file_name'] = f'rgb/{record["file_name"]}'
        if folder == 'thermal16':
            image.update(
                bit_depth=16,
                temperature_scale=CENTIKELVIN,
                temperature_offset=0.)
        images.append(image)
        for face in record['faces']:
            attributes = {key: face[key] for key in _ATTRIBUTES if key in face}
            # Attributes of the picture, as far as it shows one face.
            target = image if len(record['faces']) == 1 else {}
            target.update(attributes)
            annotation = _annotation(face, spec, folder, size)
            if annotation is None:
                continue
            annotations.append(
                dict(
                    annotation,
                    id=len(annotations) + 1,
                    image_id=index,
                    category_id=1,
                    iscrowd=0,
                    **({} if target is image else attributes)))
    metainfo = load_metainfo(dict(from_file=spec.style))
    return dict(
        info=dict(
            description='Synthetic RGB-thermal faces of mmpose_thermal',
            spec=asdict(spec)),
        images=images,
        annotations=annotations,
        categories=[face_category(metainfo)])


def _annotation(face, spec, folder, size):
    """One face; None if the picture does not show it."""
    unaligned = 'rgb_keypoints' in face
    outline = np.reshape(
        face['rgb_keypoints' if unaligned and folder == 'rgb' else
             'keypoints'], (-1, 3))
    low, high = outline[:, :2].min(0), outline[:, :2].max(0)
    margin = _BOX_MARGIN * (high - low)
    low = np.maximum(low - margin, 0)
    high = np.minimum(high + margin, np.array(size) - 1)
    extent = high - low
    if (extent < 2).any():
        return None
    points = in_style(outline, spec.style)
    annotation = dict(
        bbox=np.concatenate([low, extent]).round(2).tolist(),
        area=round(float(extent.prod()), 2),
        keypoints=points.ravel().tolist(),
        num_keypoints=int((points[:, 2] > 0).sum()))
    if unaligned and folder != 'rgb' and not spec.misaligned_px:
        annotation['rgb_keypoints'] = in_style(
            face['rgb_keypoints'], spec.style).ravel().tolist()
    return annotation
