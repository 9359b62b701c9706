"""The visible surface of one person in one view, shared by both modalities."""
from dataclasses import dataclass

import cv2
import numpy as np

from .canvas import look_up
from .curves import at_points, smooth_noise, smoothstep
from .head import Head, rotation
from .layers import layers_of
from .marks import Marks
from .mesh import build_mesh, grid_normals, grid_triangles, openness
from .rasterizer import rasterize

# The head's pivot is at the eyes; the picture is centred a little lower.
_FRAME_CENTRE = np.array([0, .3, 0])
_HEAD_HEIGHT_CM = 24.
# The outline lies where depth changes fast: more is allowed there.
_TOLERANCE_CM = np.where(np.arange(68) < 17, 1.6, .45)
_STRAND_SHAPE = (192, 768)
_STRAND_PERIOD_CM = 26.
_OPAQUE = .5


@dataclass
class Camera:
    """A pinhole camera on the z axis, looking at the head's centre."""
    focal_px: float
    distance_cm: float
    centre_px: np.ndarray

    @classmethod
    def framing(cls, view, size):
        """The camera that shows the face as large as the view says."""
        focal_px = view.face_fraction * size * view.distance_cm / \
            _HEAD_HEIGHT_CM
        return cls(focal_px, view.distance_cm,
                   (np.array([.5, .5]) + view.shift) * size - .5)

    def project(self, points):
        """Head-space points (..., 3) to pixels (..., 2) and depth in cm."""
        depth = self.distance_cm - points[..., 2]
        pixels = points[..., :2] * (self.focal_px / depth)[..., None]
        return pixels + self.centre_px, depth


@dataclass
class Covering:
    """A layer as it is seen: per-surface-pixel cover and depth inside it.

    Attributes:
        layer (Layer): What it is.
        alpha (np.ndarray): Coverage of each pixel, (P, ), float32.
        inside_cm (np.ndarray): Distance to its border, (P, ), float32.
    """
    layer: object
    alpha: np.ndarray
    inside_cm: np.ndarray


class Scene:
    """One person, posed, projected and rasterised.

    Args:
        subject (Subject): Who.
        view (View): How.
        size (int): Side of the image, pixels.
        rng (np.random.Generator): What the person wears.
        make_head (Callable): From subject and view to their head.

    Attributes:
        theta, y, part (np.ndarray): Chart of each covered pixel, (P, ).
        hollow (np.ndarray): How deep it lies in its surroundings, 0 to 1.
        normal (np.ndarray): Unit normals, (P, 3).
        strands (np.ndarray): Noise in strands along y, (P, ).
        coverings (list[Covering]): Layers over the skin, lowest first.
        keypoints (np.ndarray): Landmarks in pixels, (68, 2).
        visible (np.ndarray): False where something hides them, (68, ).
    """

    def __init__(self, subject, view, size, rng, make_head=Head):
        self.head = make_head(subject, view)
        # The head knows its proportions better.
        self.subject, self.view, self.size = self.head.subject, view, size
        self.rotation = rotation(view)
        self.camera = Camera.framing(view, size)
        layers = layers_of(self.head, rng)
        self._rasterize(layers)
        self.marks = Marks(self.head, self.head.landmarks_chart())
        self.strands = self._strands()
        self.coverings = [self._covering(layer) for layer in layers]
        self.keypoints, depth = self._landmarks()
        self.visible = self.in_front(self.keypoints, depth,
                                     _TOLERANCE_CM) & ~self._covered()

    def _rasterize(self, layers):
        vertices, chart, follow = build_mesh(self.head, layers)
        # Shoulders follow the head's rotation in part: blended poses.
        posed = vertices @ self.rotation.T
        posed = posed * follow[..., None] + vertices * (1 - follow[..., None])
        normals = grid_normals(posed)
        hollow = 1 - openness(posed, normals)
        pixels, depth = self.camera.project(
            posed.reshape(-1, 3) - _FRAME_CENTRE)
        self.raster = rasterize(pixels, depth, grid_triangles(), self.size,
                                self.size)
        attributes = np.concatenate(
            [chart, hollow[..., None], normals], -1).reshape(len(pixels), -1)
        values = self.raster.interpolate(attributes)
        self.theta, self.y, self.part, self.hollow = values[:, :4].T.copy()
        normal = values[:, 4:]
        self.normal = normal / np.maximum(
            np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)

    def _strands(self):
        rng = np.random.default_rng(self.subject.texture_seed + 1)
        noise = sum(
            .6**octave * smooth_noise(rng, _STRAND_SHAPE, cells)
            for octave, cells in enumerate([(5, 70), (9, 160), (14, 330)]))
        lean = .03 * np.sin(.5 * self.y + self.subject.texture_seed % 5)
        across = (self.theta / (2 * np.pi) + .5 + lean * .3) % 1
        pixels = np.stack([
            across * (_STRAND_SHAPE[1] - 1),
            (self.y / _STRAND_PERIOD_CM + .5) * (_STRAND_SHAPE[0] - 1)], -1)
        return look_up(noise, pixels, cv2.BORDER_WRAP)[:, 0]

    def _covering(self, layer):
        inside = layer.distance(self.theta, self.y, self.part).astype(
            np.float32)
        soft = layer.softness_cm
        ragged = .9 if layer.kind == 'hair' else .05
        alpha = layer.opacity * smoothstep(
            inside + ragged * soft * self.strands, -soft, soft)
        return Covering(layer, alpha.astype(np.float32), inside)

    def _landmarks(self):
        """The 68 points, the jaw's on the outline that is seen."""
        points = self.head.landmarks()
        points[:17] = self._on_contour(points[:17])
        return self.project(points)

    def _on_contour(self, jaw):
        """Moves the far jaw to the outline of the face."""
        candidates = self.head.contour_candidates()
        axis = self.rotation @ [1., 0, 0]
        axis = axis[:2] / max(np.hypot(*axis[:2]), 1e-6)
        pixels, _ = self.project(candidates)
        outwards = (pixels - self.camera.centre_px) @ axis
        outwards *= np.where(np.arange(17) < 8, -1, 1)[:, None]
        best = outwards.argmax(1)
        moved = candidates[np.arange(17), best]
        return np.where(np.arange(17)[:, None] == 8, jaw, moved)

    def _covered(self):
        """Which landmarks lie under an opaque layer, (68, ) bool."""
        total = np.zeros(self.size * self.size, np.float32)
        for covering in self.coverings:
            # At the border of hair the place of a point can still be told.
            margin = 1. if covering.layer.kind == 'hair' else 0.
            total[self.raster.pixels] = np.maximum(
                total[self.raster.pixels],
                covering.alpha * (covering.inside_cm > margin))
        return at_points(total.reshape(self.size, self.size),
                         self.keypoints) > _OPAQUE

    def project(self, points):
        """Head-space points (..., 3), posed with the head, to pixels."""
        return self.camera.project(points @ self.rotation.T - _FRAME_CENTRE)

    def in_front(self, pixels, depth, tolerance_cm):
        """Which points (N, 2) the surface does not hide: (N, ) bool."""
        nearest = np.round(pixels).astype(int)
        inside = ((nearest >= 0) & (nearest < self.size)).all(1)
        # The nearest pixel of a point on the outline may show what is behind.
        seen = np.where(np.isfinite(self.raster.depth), self.raster.depth, 0)
        farthest = at_points(cv2.dilate(seen, np.ones((3, 3), np.uint8)),
                             pixels)
        return inside & (farthest > 0) & (depth <= farthest + tolerance_cm)

    def place(self, image, values):
        """Writes per-surface-pixel values into a background image."""
        image.reshape(self.size * self.size, -1)[self.raster.pixels] = values
        return image
