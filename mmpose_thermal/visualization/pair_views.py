"""Overlays of two modalities, and of target heatmaps."""
import cv2
import numpy as np


def overlay_pair(thermal: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Shows how well an RGB image is aligned with its thermal partner.

    Thermal, (H, W) or (H, W, 3), is drawn in red; RGB, (H', W', 3), in cyan,
    resized if necessary. Coloured fringes at edges show misalignment.
    """
    if thermal.ndim == 3:
        thermal = thermal[..., 0]
    visible = cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY)
    if visible.shape != thermal.shape:
        visible = cv2.resize(visible, thermal.shape[::-1])
    return cv2.merge([visible, visible, thermal])


def overlay_heatmaps(image: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Draws the heatmaps of all points, (K, h, w), on an image (H, W, 3), uint8."""
    strongest = cv2.resize(
        (np.clip(heatmaps.max(0), 0, 1) * 255).astype(np.uint8),
        image.shape[1::-1])
    colours = cv2.applyColorMap(strongest, cv2.COLORMAP_VIRIDIS)
    weight = (strongest / 255.)[..., None] * .8
    return np.rint(image * (1 - weight) + colours * weight).astype(np.uint8)


def fit_into(image: np.ndarray, side: int) -> np.ndarray:
    """Scales an image (H, W, 3) to fit a black square (side, side, 3)."""
    scale = side / max(image.shape[:2])
    shape = [max(round(length * scale), 1) for length in image.shape[:2]]
    square = np.zeros((side, side, 3), np.uint8)
    square[:shape[0], :shape[1]] = cv2.resize(
        image, shape[::-1],
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return square
