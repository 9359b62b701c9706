"""Draws landmarks and arranges pictures on contact sheets."""
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np

#: Colours of ground truth and prediction, BGR: blue and orange, safe for
#: colour-blind readers.
TRUTH, PREDICTED = (178, 114, 0), (0, 159, 230)
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


def draw_landmarks(image: np.ndarray,
                   keypoints: np.ndarray,
                   colour: Tuple[int, int, int] = (0, 220, 0),
                   radius_px: float = 2.,
                   scale: int = 1) -> np.ndarray:
    """Draws points with sub-pixel accuracy on a magnified copy.

    Args:
        image (np.ndarray): Shape (H, W) or (H, W, 3), uint8, BGR.
        keypoints (np.ndarray): Shape (K, 2), pixels of ``image``.
        colour (tuple[int]): BGR.
        radius_px (float): Radius in pixels of the result.
        scale (int): Magnification: the result is (scale * H, scale * W, 3).
    """
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    canvas = image.copy() if scale == 1 else cv2.resize(
        image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    # Pixel centres have integer coordinates in both images.
    centres = (np.asarray(keypoints) + .5) * scale - .5
    for x, y in np.round(centres * 2**_SHIFT).astype(int):
        cv2.circle(canvas, (int(x), int(y)), round(radius_px * 2**_SHIFT),
                   colour, -1, cv2.LINE_AA, _SHIFT)
    return canvas


def contact_sheet(rows: Sequence[Sequence[np.ndarray]],
                  row_labels: Optional[Sequence[str]] = None,
                  gap_px: int = 4) -> np.ndarray:
    """Arranges images of equal size in rows, with a label above each row.

    Args:
        rows (Sequence[Sequence[np.ndarray]]): Images (H, W, 3), uint8, BGR.
        row_labels (Sequence[str], optional): One label per row.
        gap_px (int): White space between images.
    """
    height, width = rows[0][0].shape[:2]
    label_px = 24 if row_labels else 0
    columns = max(len(row) for row in rows)
    sheet = np.full(
        (len(rows) * (height + label_px + gap_px) + gap_px,
         columns * (width + gap_px) + gap_px, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        top = gap_px + i * (height + label_px + gap_px)
        if row_labels:
            cv2.putText(sheet, row_labels[i], (gap_px, top + label_px - 8),
                        cv2.FONT_HERSHEY_SIMPLEX, .5, (0, 0, 0), 1,
                        cv2.LINE_AA)
        for j, image in enumerate(row):
            left = gap_px + j * (width + gap_px)
            sheet[top + label_px:top + label_px + height,
                  left:left + width] = image
    return sheet
