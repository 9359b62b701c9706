"""Painting on the head's chart: soft polygons and strokes, small and local."""
import cv2
import numpy as np

_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
THETA_LIMIT = np.radians(115)
Y_LIMITS = (-13., 15.)
SHAPE = (340, 400)


class Canvas:
    """A float image over the chart, in which features are painted.

    Positions are chart points, lengths are centimetres. Every method takes
    the colour or the amount that is painted and how opaque it is; a
    ``texture`` of the canvas's shape, 0 to 1, thins it out.

    Args:
        value (np.ndarray | float): Initial colour, shape (C, ).
    """

    def __init__(self, value):
        value = np.atleast_1d(np.asarray(value, np.float32))
        height, width = SHAPE
        self.image = np.empty((height, width, len(value)), np.float32)
        self.image[:] = value
        self.scale = np.array([(width - 1) / (2 * THETA_LIMIT),
                               (height - 1) / (Y_LIMITS[1] - Y_LIMITS[0])])

    def to_pixels(self, chart):
        """Chart points (..., 2) to texture pixels."""
        return (chart - [-THETA_LIMIT, Y_LIMITS[0]]) * self.scale

    # ------------------------------------------------------------- coverage
    def _drawn(self, low, high, draw, feather_cm):
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

    def _polygon(self, outline, feather_cm):
        pixels = self.to_pixels(outline)

        def draw(mask, origin):
            cv2.fillPoly(mask, [_fixed(pixels - origin)], 255, cv2.LINE_AA,
                         _SHIFT)

        return self._drawn(pixels.min(0), pixels.max(0), draw, feather_cm)

    def _strokes(self, curves, width_cm, feather_cm):
        """Lines of one width, each a chart curve (N, 2)."""
        pixels = [self.to_pixels(curve) for curve in curves]
        everything = np.concatenate(pixels)
        width_px = max(1, round(width_cm * self.scale[1]))

        def draw(mask, origin):
            cv2.polylines(mask, [_fixed(line - origin) for line in pixels],
                          False, 255, width_px, cv2.LINE_AA, _SHIFT)

        return self._drawn(
            everything.min(0), everything.max(0), draw,
            feather_cm + width_cm / 2)

    def _spot(self, centre, radius_cm):
        """A Gaussian; ``radius_cm`` may be (horizontal, vertical)."""
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
        return (slice(low[1], high[1]), slice(low[0], high[0])), alpha[...,
                                                                       None]

    # ------------------------------------------------------------- painting
    def _blend(self, local, value, opacity, texture=None):
        if local is None:
            return
        where, alpha = local
        alpha = alpha * opacity
        if texture is not None:
            alpha = alpha * texture[where][..., None]
        region = self.image[where]
        region += alpha * (np.asarray(value, np.float32) - region)

    def _add(self, local, amount, texture=None):
        if local is None:
            return
        where, alpha = local
        if texture is not None:
            alpha = alpha * texture[where][..., None]
        self.image[where] += alpha * np.asarray(amount, np.float32)

    def fill(self, outline, value, opacity=1., feather_cm=0., texture=None):
        """Fills a polygon (N, 2) with a colour."""
        self._blend(
            self._polygon(outline, feather_cm), value, opacity, texture)

    def add(self, outline, amount, feather_cm=0., texture=None):
        """Adds an amount inside a polygon (N, 2)."""
        self._add(self._polygon(outline, feather_cm), amount, texture)

    def scale_spot(self, centre, radius_cm, factor):
        """Multiplies by a factor inside a soft round spot."""
        local = self._spot(centre, radius_cm)
        if local is not None:
            where, alpha = local
            self.image[where] *= 1 + alpha * (np.float32(factor) - 1)

    def add_spot(self, centre, radius_cm, amount, texture=None):
        """Adds an amount in a soft round spot (Gaussian of that radius)."""
        self._add(self._spot(centre, radius_cm), amount, texture)

    def disc(self, centre, radius_cm, clip, value, opacity=1.):
        """Fills a disc, clipped by a polygon (an iris in an eye)."""
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = self.to_pixels(np.asarray(centre, float)) + radius_cm * \
            self.scale[1] * np.stack([np.cos(angle), np.sin(angle)], 1)
        border = self.to_pixels(clip)

        def draw(mask, origin):
            inside = np.zeros_like(mask)
            for image, points in ((mask, ring), (inside, border)):
                cv2.fillPoly(image, [_fixed(points - origin)], 255,
                             cv2.LINE_AA, _SHIFT)
            np.minimum(mask, inside, out=mask)

        self._blend(
            self._drawn(ring.min(0), ring.max(0), draw, 0), value, opacity)

    def stroke(self, curve, width_cm, value, opacity=1., feather_cm=0.):
        """Draws a tapered stroke along a curve (N, 2)."""
        pixels = self.to_pixels(curve)
        along = np.gradient(pixels, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-6)[:, None]
        taper = np.sin(np.linspace(.12, .92, len(curve)) * np.pi)**.6
        half = (.5 * width_cm * self.scale[1] * taper)[:, None] * normal
        outline = np.concatenate([pixels + half, (pixels - half)[::-1]])
        self.fill(outline / self.scale + [-THETA_LIMIT, Y_LIMITS[0]], value,
                  opacity, feather_cm)

    def hairs(self, curves, value, opacity=1.):
        """Draws fine strands, each a curve (N, 2), in a colour."""
        if len(curves):
            self._blend(self._strokes(curves, .07, 0), value, opacity)

    def add_lines(self, curves, width_cm, amount, feather_cm=0.):
        """Adds an amount along lines, each a curve (N, 2)."""
        if len(curves):
            self._add(self._strokes(curves, width_cm, feather_cm), amount)

    def sample(self, theta, y):
        """Bilinear look-up at chart coordinates (P, ): (P, C)."""
        return look_up(self.image,
                       self.to_pixels(np.stack([theta, y], -1)))


def look_up(image, pixels, border=cv2.BORDER_REPLICATE):
    """Bilinear look-up of an image at positions (P, 2): (P, C)."""
    # cv2.remap wants fewer than 32768 rows: fold the list into a grid.
    count = len(pixels)
    columns = 256
    rows = -(-count // columns)
    padded = np.zeros((rows * columns, 2), np.float32)
    padded[:count] = pixels
    grid = padded.reshape(rows, columns, 2)
    values = cv2.remap(image, grid, None, cv2.INTER_LINEAR, borderMode=border)
    return values.reshape(rows * columns, -1)[:count]


def _fixed(points):
    return np.round(points * 2**_SHIFT).astype(np.int32)
