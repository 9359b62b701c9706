"""A small vectorised triangle rasteriser (NumPy, no loop over pixels)."""
from dataclasses import dataclass

import numpy as np

# Triangles are evaluated over square pixel patches. Each triangle goes to the
# smallest patch that covers it, so that few evaluations are wasted.
_PATCH_SIZES = (3, 5, 8, 16, 48)
_DEPTH_BITS = 30
_FRAGMENT_BITS = 32


@dataclass
class Raster:
    """Which triangle is seen at each covered pixel.

    Attributes:
        pixels (np.ndarray): Flat indices ``y * width + x`` of the covered
            pixels, shape (P, ), int64.
        vertices (np.ndarray): The three vertex indices of the nearest triangle
            at each of them, shape (P, 3), int64.
        weights (np.ndarray): Their barycentric weights, (P, 3), float32.
        depth (np.ndarray): Distance along the optical axis, (H, W), float32,
            ``inf`` where nothing was drawn.
    """
    pixels: np.ndarray
    vertices: np.ndarray
    weights: np.ndarray
    depth: np.ndarray

    def interpolate(self, attributes):
        """Interpolates per-vertex attributes at the covered pixels.

        Args:
            attributes (np.ndarray): Shape (V, C).

        Returns:
            np.ndarray: Shape (P, C), float32.
        """
        corners = attributes.astype(np.float32, copy=False)
        weights, vertices = self.weights, self.vertices
        values = corners[vertices[:, 0]] * weights[:, :1]
        values += corners[vertices[:, 1]] * weights[:, 1:2]
        values += corners[vertices[:, 2]] * weights[:, 2:]
        return values


def rasterize(points, depth, triangles, height, width):
    """Rasterises triangles with a depth buffer; back faces are culled.

    A pixel belongs to a triangle when its centre, which has integer
    coordinates as in OpenCV, lies inside.

    Args:
        points (np.ndarray): Projected vertices in pixels, shape (V, 2).
        depth (np.ndarray): Positive depth of each vertex, shape (V, ).
        triangles (np.ndarray): Vertex indices, (T, 3), clockwise on screen
            when seen from the front.
        height (int): Image height in pixels.
        width (int): Image width in pixels.

    Returns:
        Raster: The visible surface.
    """
    points = points.astype(np.float32)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    edge1, edge2 = b - a, c - a
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    front = np.flatnonzero(area > 1e-6)
    triangles, area = triangles[front], area[front]
    a, b, c = a[front], b[front], c[front]
    edge1, edge2 = edge1[front], edge2[front]
    low = np.ceil(np.minimum(np.minimum(a, b), c)).astype(np.int32)
    high = np.floor(np.maximum(np.maximum(a, b), c)).astype(np.int32)
    seen = (high >= low).all(1) & (high >= 0).all(1) & (
        low[:, 0] < width) & (low[:, 1] < height)
    extent = (high - low).max(1) + 1

    fragments = []
    smallest = 0
    for size in _PATCH_SIZES:
        last = size == _PATCH_SIZES[-1]
        chosen = np.flatnonzero(seen & (extent > smallest) &
                                ((extent <= size) | last))
        smallest = size
        if len(chosen) == 0:
            continue
        if last:
            size = int(extent[chosen].max())
        # Barycentric weights are affine in the pixel: one value at the
        # patch's corner, then a step a column and a step a row.
        offsets = np.arange(size, dtype=np.float32)
        inverse = 1 / area[chosen]
        origin = low[chosen].astype(np.float32) - a[chosen]
        step1 = edge2[chosen, ::-1] * inverse[:, None]
        step2 = edge1[chosen, ::-1] * inverse[:, None]
        start1 = origin[:, 0] * step1[:, 0] - origin[:, 1] * step1[:, 1]
        start2 = origin[:, 1] * step2[:, 1] - origin[:, 0] * step2[:, 0]
        w1 = ((start1[:, None] + offsets * step1[:, :1])[:, None, :] -
              (offsets * step1[:, 1:])[:, :, None])
        w2 = ((start2[:, None] - offsets * step2[:, :1])[:, None, :] +
              (offsets * step2[:, 1:])[:, :, None])
        hit = np.flatnonzero((w1 >= 0) & (w2 >= 0) & (w1 + w2 <= 1))
        which, cell = np.divmod(hit, size * size)
        row, column = np.divmod(cell, size)
        x = low[chosen[which], 0] + column
        y = low[chosen[which], 1] + row
        kept = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        hit, which = hit[kept], which[kept]
        pixel = y[kept] * np.int64(width) + x[kept]
        fragments.append(
            (pixel, chosen[which], w1.ravel()[hit], w2.ravel()[hit]))

    depth_image = np.full(height * width, np.inf, np.float32)
    if not fragments:
        empty = np.empty(0, np.int64)
        return Raster(empty, empty.reshape(0, 3),
                      np.empty((0, 3), np.float32),
                      depth_image.reshape(height, width))
    pixel, triangle, w1, w2 = (np.concatenate(part)
                               for part in zip(*fragments))
    weights = np.stack([1 - w1 - w2, w1, w2], 1)
    corner_depth = depth.astype(np.float32)[triangles[triangle]]
    z = (corner_depth * weights).sum(1)

    # Nearest fragment a pixel: depth in the high bits, fragment in the low.
    near, far = float(z.min()), float(z.max())
    quantised = ((z - near) * ((2**_DEPTH_BITS - 1) /
                               max(far - near, 1e-9))).astype(np.int64)
    key = (quantised << _FRAGMENT_BITS) | np.arange(len(z))
    nearest = np.full(height * width, np.iinfo(np.int64).max)
    np.minimum.at(nearest, pixel, key)
    pixels = np.flatnonzero(nearest != np.iinfo(np.int64).max)
    winner = nearest[pixels] & (2**_FRAGMENT_BITS - 1)
    depth_image[pixels] = z[winner]
    return Raster(pixels, triangles[triangle[winner]], weights[winner],
                  depth_image.reshape(height, width))
