"""Painting on the head's chart: soft polygons and strokes, small and local."""
import cv2
import numpy as np

_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
THETA_LIMIT = np.radians(105)
Y_LIMITS = (-13., 12.6)


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


def smooth_noise(rng, shape, cells):
    """Zero-mean noise of unit scale with features of ``1 / cells``."""
    rows = max(2, round(cells * shape[0] / max(shape[:2])))
    columns = max(2, round(cells * shape[1] / max(shape[:2])))
    grid = rng.standard_normal((rows, columns) + tuple(shape[2:]))
    return cv2.resize(
        grid.astype(np.float32), (shape[1], shape[0]),
        interpolation=cv2.INTER_CUBIC)


class Canvas:
    """A float image over the chart, in which features are painted.

    Args:
        value (np.ndarray | float): Initial colour, shape (C, ).
        height (int): Texture rows over ``Y_LIMITS``.
        width (int): Texture columns over +-``THETA_LIMIT``.
    """

    def __init__(self, value, height=320, width=384):
        value = np.atleast_1d(np.asarray(value, np.float32))
        self.image = np.empty((height, width, len(value)), np.float32)
        self.image[:] = value
        self.scale = np.array([(width - 1) / (2 * THETA_LIMIT),
                               (height - 1) / (Y_LIMITS[1] - Y_LIMITS[0])])

    def to_pixels(self, chart):
        """Chart points (..., 2) to texture pixels."""
        return (chart - [-THETA_LIMIT, Y_LIMITS[0]]) * self.scale

    def _mask(self, low, high, draw, feather_cm):
        """Draws into a local mask and blurs it; returns (slices, alpha)."""
        sigma = feather_cm * self.scale[1]
        margin = int(np.ceil(3 * sigma)) + 2
        height, width = self.image.shape[:2]
        x0, y0 = np.maximum(np.floor(low).astype(int) - margin, 0)
        x1 = min(int(np.ceil(high[0])) + margin + 1, width)
        y1 = min(int(np.ceil(high[1])) + margin + 1, height)
        if x1 <= x0 or y1 <= y0:
            return None
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        draw(mask, np.array([x0, y0]))
        alpha = mask.astype(np.float32) / 255
        if sigma > .2:
            alpha = cv2.GaussianBlur(alpha, (0, 0), sigma)
        return (slice(y0, y1), slice(x0, x1)), alpha[..., None]

    def _blend(self, local, value, opacity):
        if local is None:
            return
        where, alpha = local
        alpha = alpha * opacity
        region = self.image[where]
        region += alpha * (np.asarray(value, np.float32) - region)

    def _local_polygon(self, outline, feather_cm):
        pixels = self.to_pixels(outline)

        def draw(mask, origin):
            fixed = np.round((pixels - origin) * 2**_SHIFT).astype(np.int32)
            cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SHIFT)

        return self._mask(pixels.min(0), pixels.max(0), draw, feather_cm)

    def fill(self, outline, value, opacity=1., feather_cm=0.):
        """Fills a chart polygon (N, 2) with a colour."""
        self._blend(
            self._local_polygon(outline, feather_cm), value, opacity)

    def add(self, outline, amount, feather_cm=0.):
        """Adds an amount inside a chart polygon (N, 2)."""
        local = self._local_polygon(outline, feather_cm)
        if local is not None:
            self.image[local[0]] += local[1] * np.float32(amount)

    def scale_spot(self, centre, radius_cm, factor):
        """Multiplies by a factor inside a soft round spot."""
        local = self._local_spot(centre, radius_cm)
        if local is not None:
            where, alpha = local
            self.image[where] *= 1 + alpha * (np.float32(factor) - 1)

    def add_spot(self, centre, radius_cm, amount):
        """Adds an amount in a soft round spot (Gaussian of that radius)."""
        local = self._local_spot(centre, radius_cm)
        if local is not None:
            self.image[local[0]] += local[1] * np.float32(amount)

    def _local_spot(self, centre, radius_cm):
        """A Gaussian spot; ``radius_cm`` may be (horizontal, vertical)."""
        sigma = np.broadcast_to(radius_cm, (2, )) * self.scale[1]
        centre = self.to_pixels(np.asarray(centre, float))
        height, width = self.image.shape[:2]
        low = np.maximum(np.floor(centre - 3 * sigma).astype(int), 0)
        high = np.minimum(
            np.ceil(centre + 3 * sigma).astype(int) + 1, [width, height])
        if (high <= low).any():
            return None
        x = (np.arange(low[0], high[0]) - centre[0]) / sigma[0]
        y = (np.arange(low[1], high[1]) - centre[1]) / sigma[1]
        alpha = np.exp(-.5 * (y[:, None]**2 + x[None]**2)).astype(np.float32)
        where = (slice(low[1], high[1]), slice(low[0], high[0]))
        return where, alpha[..., None]

    def disc(self, centre, radius_cm, clip, value, opacity=1.):
        """Fills a disc, clipped by a chart polygon (an iris in an eye)."""
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = self.to_pixels(np.asarray(centre, float)) + radius_cm * \
            self.scale[1] * np.stack([np.cos(angle), np.sin(angle)], 1)
        border = self.to_pixels(clip)

        def draw(mask, origin):
            inside = np.zeros_like(mask)
            for image, points in ((mask, ring), (inside, border)):
                fixed = np.round((points - origin) * 2**_SHIFT)
                cv2.fillPoly(image, [fixed.astype(np.int32)], 255,
                             cv2.LINE_AA, _SHIFT)
            np.minimum(mask, inside, out=mask)

        self._blend(
            self._mask(ring.min(0), ring.max(0), draw, 0), value, opacity)

    def stroke(self, curve, width_cm, value, opacity=1., feather_cm=0.):
        """Draws a tapered stroke along a chart curve (N, 2)."""
        pixels = self.to_pixels(curve)
        along = np.gradient(pixels, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-6)[:, None]
        taper = np.sin(np.linspace(.12, .92, len(curve)) * np.pi)**.6
        half = (.5 * width_cm * self.scale[1] * taper)[:, None] * normal
        outline = np.concatenate([pixels + half, (pixels - half)[::-1]])
        self.fill(outline / self.scale + [-THETA_LIMIT, Y_LIMITS[0]], value,
                  opacity, feather_cm)

    def sample(self, theta, y):
        """Bilinear look-up at chart coordinates (P, ): (P, C)."""
        pixels = self.to_pixels(np.stack([theta, y], -1)).astype(np.float32)
        # cv2.remap wants fewer than 32768 rows: fold the list into a grid.
        count = len(pixels)
        columns = 256
        rows = -(-count // columns)
        padded = np.zeros((rows * columns, 2), np.float32)
        padded[:count] = pixels
        grid = padded.reshape(rows, columns, 2)
        values = cv2.remap(self.image, grid, None, cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_REPLICATE)
        return values.reshape(rows * columns, -1)[:count]
