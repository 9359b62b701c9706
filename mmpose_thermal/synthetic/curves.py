"""Small curves and noise that every part of the renderer is built from."""
import cv2
import numpy as np


def smoothstep(x, low, high):
    """Smoothly from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bump(x, width):
    """A Gaussian of unit height that falls to 1/e at ``width``."""
    return np.exp(-(x / width)**2)


def closed_spline(points, steps=6):
    """A closed Catmull-Rom curve through points (N, 2): (N * steps, 2)."""
    before, after = np.roll(points, 1, 0), np.roll(points, -1, 0)
    beyond = np.roll(points, -2, 0)
    t = (np.arange(steps) / steps)[None, :, None]
    a = points[:, None]
    b = .5 * (after - before)[:, None]
    c = (before - 2.5 * points + 2 * after - .5 * beyond)[:, None]
    d = (-.5 * before + 1.5 * points - 1.5 * after + .5 * beyond)[:, None]
    return (a + b * t + c * t**2 + d * t**3).reshape(-1, 2)


def open_spline(points, steps=6):
    """A Catmull-Rom curve through points (N, 2) that ends at both ends."""
    first = 2 * points[0] - points[1]
    last = 2 * points[-1] - points[-2]
    padded = np.concatenate([[first], points, [last]])
    curve = closed_spline(padded, steps)
    return curve[steps:(len(points)) * steps + 1]


def at_points(image, points):
    """The values of an image (H, W) at the pixels nearest to points (N, 2)."""
    height, width = image.shape[:2]
    x, y = np.clip(np.round(points).astype(int), 0,
                   [width - 1, height - 1]).T
    return image[y, x]


def smooth_noise(rng, shape, cells):
    """Zero-mean noise of unit scale with features of ``1 / cells``.

    Args:
        rng (np.random.Generator): Source of randomness.
        shape (tuple): Of the result: (H, W) or (H, W, C).
        cells (int | tuple): Features along the longer side, or (rows,
            columns).

    Returns:
        np.ndarray: Noise, float32.
    """
    if np.ndim(cells) == 0:
        longest = max(shape[:2])
        cells = [max(2, round(cells * side / longest)) for side in shape[:2]]
    grid = rng.standard_normal(tuple(cells) + tuple(shape[2:]), np.float32)
    return cv2.resize(
        grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def fractal_noise(rng, shape, cells, octaves=3):
    """Smooth noise of several scales, each weaker than the last."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        total += .6**octave * smooth_noise(rng, shape, cells * 2**octave)
    return total
