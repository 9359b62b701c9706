"""Draws the faces with the largest errors."""
import cv2
import numpy as np

from ..datasets.transforms.loading import LoadThermalImage, read_image
from ..evaluation import FaceErrors
from ..runtime.channels import MAX_COLOURED_SHARE, coloured_share
from .contact_sheet import PREDICTED, TRUTH, contact_sheet, draw_landmarks

_MARGIN = 1.35


def worst_faces(faces: FaceErrors,
                count: int = 24,
                columns: int = 6,
                side_px: int = 200) -> np.ndarray:
    """Draws faces in the order of their error, largest first.

    The truth is blue, the prediction orange; grey lines join corresponding
    points.

    Args:
        faces (FaceErrors): Errors; the image files must still exist.
        count (int): Number of faces.
        columns (int): Faces per row.
        side_px (int): Side of each picture.

    Returns:
        np.ndarray: The sheet, (H, W, 3), uint8, BGR.
    """
    errors = faces.nme()
    tiles = [
        _label(_face(faces, index, side_px),
               f'{100 * errors[index]:.1f} %  id {faces.ids[index]}')
        for index in np.argsort(-errors)[:count]
    ]
    rows = [tiles[i:i + columns] for i in range(0, len(tiles), columns)]
    return contact_sheet(rows)


def _face(faces, index, side_px):
    image = _read(faces.images[index], faces.attributes[index])
    points = np.concatenate([
        faces.truth[index][faces.labelled[index]],
        faces.boxes[index].reshape(2, 2)
    ])
    low, high = points.min(0), points.max(0)
    zoom = side_px / (_MARGIN * max((high - low).max(), 1))
    shift = side_px / 2 - zoom * (low + high) / 2
    crop = cv2.warpAffine(
        image, np.column_stack([zoom * np.eye(2), shift]), (side_px, side_px),
        flags=cv2.INTER_LINEAR)
    labelled = faces.labelled[index]
    truth = faces.truth[index][labelled] * zoom + shift
    predicted = faces.predicted[index][labelled] * zoom + shift
    for one, other in zip(truth, predicted):
        # OpenCV's integers would overflow far outside the crop.
        ends = np.clip([one, other], -1e4, 1e4).round().astype(int)
        cv2.line(crop, *map(tuple, ends.tolist()), (150, 150, 150), 1,
                 cv2.LINE_AA)
    crop = draw_landmarks(crop, truth, TRUTH)
    return draw_landmarks(crop, np.clip(predicted, -1e4, 1e4), PREDICTED)


def _read(path, attributes):
    image = read_image(path, palette=attributes.get('palette'))
    if coloured_share(image) > MAX_COLOURED_SHARE and \
            'palette' not in attributes:
        return image  # an RGB image
    return LoadThermalImage()(dict(attributes, img_path=path))['img']


def _label(tile, text):
    cv2.rectangle(tile, (0, 0), (tile.shape[1], 15), (0, 0, 0), -1)
    cv2.putText(tile, text, (3, 12), cv2.FONT_HERSHEY_SIMPLEX, .4,
                (255, 255, 255), 1, cv2.LINE_AA)
    return tile
