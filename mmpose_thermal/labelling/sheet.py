"""A contact sheet of labelled faces, in thermal and RGB images side by side."""
import os.path as osp
from typing import List

import cv2
import numpy as np

from mmpose_thermal.datasets.alignment import moved
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage, read_image
from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.visualization import contact_sheet, draw_landmarks

from .carrying import Labelled

_FACES, _COLUMNS, _SIDE_PX = 24, 4, 200
_VIEW = 1.6  # of the box


def draw_sheet(path: str, labelled: List[Labelled], root: str) -> None:
    """Draws some of the faces, evenly spread, each in both images.

    Points are green, or red where their score is low.

    Args:
        path (str): Picture to write.
        labelled (list[Labelled]): Faces.
        root (str): Folder that file names are relative to.

    Raises:
        ValueError: The picture cannot be written.
    """
    faces = [(one, number) for one in labelled for number in range(len(one.faces))]
    chosen = [faces[i] for i in np.unique(np.linspace(
        0, len(faces) - 1, min(len(faces), _FACES)).round().astype(int))]
    tiles = [_tile(one, number, root) for one, number in chosen]
    sheet = contact_sheet([tiles[i:i + _COLUMNS]
                           for i in range(0, len(tiles), _COLUMNS)])
    write_picture(path, sheet)


def _tile(one: Labelled, number: int, root: str) -> np.ndarray:
    image, face, annotation = (one.seen.image, one.faces[number],
                               one.annotations[number])
    thermal = LoadThermalImage()(dict(
        image, img_path=osp.join(root, image['file_name'])))['img']
    rgb = read_image(osp.join(root, image['rgb_file_name']), colour=True)
    x, y, width, height = annotation['bbox']
    box = np.array([[x, y], [x + width, y + height]])
    points = face.points
    if 'keypoints' not in annotation:
        points = None
    assert one.seen.to_thermal is not None
    in_rgb = np.sort(moved(box, np.linalg.inv(one.seen.to_thermal)), 0)
    halves = []
    for picture, around, matrix in ((thermal, box, one.seen.to_thermal),
                                    (rgb, in_rgb, np.eye(3))):
        xy = None if points is None else moved(points[:, :2], matrix)
        halves.append(_view(picture, around, xy, points))
    tile = np.hstack(halves)
    name = osp.splitext(osp.basename(image['file_name']))[0]
    cv2.putText(tile, f'{name[-24:]}  {annotation["score"]:.2f}', (4, 14),
                cv2.FONT_HERSHEY_SIMPLEX, .42, (0, 220, 255), 1, cv2.LINE_AA)
    return tile


def _view(image, box, xy, points):
    zoom = _SIDE_PX / (_VIEW * max(*(box[1] - box[0]), 1))
    shift = _SIDE_PX / 2 - zoom * box.mean(0)
    view = cv2.warpAffine(image, np.column_stack([zoom * np.eye(2), shift]),
                          (_SIDE_PX, ) * 2)
    if xy is None:
        low, high = (box * zoom + shift).round().astype(int).tolist()
        return cv2.rectangle(view, tuple(low), tuple(high), (0, 220, 0), 1)
    for (x, y), score in zip(xy * zoom + shift, points[:, 2]):
        colour = (0, int(220 * score), int(220 * (1 - score)))
        if score > 0:
            view = draw_landmarks(view, np.array([[x, y]]), colour, 1.5)
    return view
