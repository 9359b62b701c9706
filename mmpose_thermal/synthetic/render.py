"""Renders one aligned RGB-thermal pair of a parametric head."""
from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np

from .appearance import paint_albedo, paint_temperature
from .canvas import smooth_noise
from .head import Camera, Head, grid_triangles, rotation
from .rasterizer import rasterize

# The head's pivot is at the eyes; the picture is centred lower, at the nose.
_FRAME_CENTRE = np.array([0, 1.5, 0])
_VISIBILITY_TOLERANCE_CM = .45
_CELSIUS = 273.15


@dataclass
class RenderedPair:
    """One picture in both modalities.

    Attributes:
        rgb (np.ndarray): BGR as OpenCV stores it, (H, W, 3), uint8.
        temperature_k (np.ndarray): Apparent temperature, (H, W), float32,
            kelvin; ``None`` if only RGB was asked for.
        keypoints (np.ndarray): iBUG points in pixels, (68, 2).
        visible (np.ndarray): False where the head hides the point, (68, ).
        person (np.ndarray): True where the person is, (H, W).
    """
    rgb: np.ndarray
    temperature_k: Optional[np.ndarray]
    keypoints: np.ndarray
    visible: np.ndarray
    person: np.ndarray


class _Scene:
    """The visible surface of one view, shared by both modalities."""

    def __init__(self, subject, view, size):
        self.subject, self.view, self.size = subject, view, size
        self.head = Head(subject, view)
        self.rotation = rotation(view)
        self.camera = Camera.framing(view, size)
        vertices, chart, hair, follow = self.head.mesh()
        grid_shape = vertices.shape[:2]
        # Shoulders follow the head's rotation in part: blended poses.
        posed = vertices @ self.rotation.T
        posed = posed * follow[..., None] + vertices * (1 - follow[..., None])
        normals = self._normals(posed)
        pixels, depth = self.camera.project(
            posed.reshape(-1, 3) - _FRAME_CENTRE)
        self.raster = rasterize(pixels, depth, grid_triangles(), size, size)
        attributes = np.concatenate(
            [chart, hair[..., None], normals], -1).reshape(
                grid_shape[0] * grid_shape[1], -1)
        values = self.raster.interpolate(attributes)
        self.theta, self.y, self.part, self.hair = values[:, :4].T.copy()
        normal = values[:, 4:]
        self.normal = normal / np.maximum(
            np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
        self.chart_landmarks = self.head.landmarks_chart()
        self.keypoints, keypoint_depth = self.project(self.head.landmarks())
        self.visible = self.in_front(self.keypoints, keypoint_depth,
                                     _VISIBILITY_TOLERANCE_CM)

    @staticmethod
    def _normals(vertices):
        across = np.gradient(vertices, axis=1)
        down = np.gradient(vertices, axis=0)
        normals = np.cross(down, across)
        return normals / np.maximum(
            np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)

    def project(self, points):
        """Head-space points (N, 3), posed with the head, to pixels."""
        return self.camera.project(points @ self.rotation.T - _FRAME_CENTRE)

    def in_front(self, pixels, depth, tolerance_cm):
        """Which points (N, 2) the surface does not hide: (N, ) bool."""
        nearest = np.round(pixels).astype(int)
        inside = ((nearest >= 0) & (nearest < self.size)).all(1)
        x, y = np.clip(nearest, 0, self.size - 1).T
        return inside & (depth <= self.raster.depth[y, x] + tolerance_cm)

    def place(self, image, values):
        """Writes per-surface-pixel values into a background image."""
        image.reshape(self.size * self.size, -1)[self.raster.pixels] = values
        return image


class _Glasses:
    """Two rims, a bridge and temples in front of the face."""

    def __init__(self, scene):
        plane = scene.head.plane
        angle = np.linspace(0, 2 * np.pi, 33)
        z = 9.2 * (1 + (scene.subject.head_depth - 1) * .5)
        lenses, wires = [], []
        for x, eye in ((-1, plane[36:42]), (1, plane[42:48])):
            centre = eye.mean(0) + [0, .35]
            cosine, sine = np.cos(angle), np.sin(angle)
            rim = np.stack([
                centre[0] + 2.55 * np.sign(cosine) * np.abs(cosine)**.8,
                centre[1] + 2.0 * np.sign(sine) * np.abs(sine)**.8,
                z - .09 * (centre[0] + 2.55 * cosine)**2 + .5
            ], 1)
            lenses.append(rim)
            hinge = rim[0 if x > 0 else 16]
            ear = np.array([x * 7.7 * scene.subject.head_width, -.4, .4])
            mix = np.linspace(0, 1, 14)[:, None]
            wires.append(hinge * (1 - mix) + ear * mix)
        mix = np.linspace(0, 1, 8)[:, None]
        bridge = lenses[0][0] * (1 - mix) + lenses[1][16] * mix
        self.scene = scene
        self.lenses = [scene.project(rim) for rim in lenses]
        self.wires = self.lenses + [
            scene.project(wire) for wire in wires + [bridge]
        ]

    def lens_mask(self):
        """Coverage of both lenses in [0, 1], (H, W), float32."""
        mask = np.zeros(self.scene.raster.depth.shape, np.uint8)
        for pixels, depth in self.lenses:
            one = np.zeros_like(mask)
            cv2.fillPoly(one, [np.round(pixels * 16).astype(np.int32)], 255,
                         cv2.LINE_AA, 4)
            one[self.scene.raster.depth < depth.mean() - .4] = 0
            np.maximum(mask, one, out=mask)
        return mask.astype(np.float32) / 255

    def frame_mask(self, thickness_cm):
        """Coverage of the frame in [0, 1], (H, W), float32."""
        mask = np.zeros(self.scene.raster.depth.shape, np.uint8)
        camera = self.scene.camera
        thickness = thickness_cm * camera.focal_px / camera.distance_cm
        segments = []
        for pixels, depth in self.wires:
            seen = self.scene.in_front(pixels, depth, .3)
            both = seen[1:] & seen[:-1]
            segments.append(np.stack([pixels[:-1], pixels[1:]], 1)[both])
        segments = np.concatenate(segments)
        cv2.polylines(mask, list(np.round(segments * 16).astype(np.int32)),
                      False, 255, max(1, round(thickness)), cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255


def _random_direction(rng):
    """A direction towards a lamp: in front of the face and mostly above."""
    azimuth, elevation = rng.uniform(-1.2, 1.2), rng.uniform(-.3, 1.1)
    return np.array([
        np.sin(azimuth) * np.cos(elevation), -np.sin(elevation),
        np.cos(azimuth) * np.cos(elevation)
    ])


def _visible_background(rng, size):
    def muted_colour():
        return rng.uniform(.02, .65) * rng.uniform(.7, 1.3, 3)

    light = .2 * rng.random() * smooth_noise(rng, (size, size, 1),
                                             rng.integers(3, 9))
    image = muted_colour() * (1 + light.reshape(size, size, 1))
    for _ in range(rng.integers(0, 5)):
        corner = rng.integers(-size // 4, size, 2)
        extent = rng.integers(size // 8, size, 2)
        cv2.rectangle(image, tuple(map(int, corner)),
                      tuple(map(int, corner + extent)),
                      tuple(muted_colour()), -1)
    return cv2.GaussianBlur(
        np.clip(image, .005, 1).astype(np.float32), (0, 0),
        rng.uniform(.8, 4))


def _render_rgb(scene, glasses, rng):
    subject, size = scene.subject, scene.size
    single = np.float32  # arithmetic in float64 would take twice as long
    albedo = paint_albedo(subject, scene.view, scene.chart_landmarks).sample(
        scene.theta, scene.y)
    below = np.flatnonzero(scene.part > 1)
    albedo[below] = subject.skin
    cloth = np.clip((scene.part[below] - 2.75) / .08, 0, 1)[:, None]
    albedo[below] += cloth * (subject.cloth.astype(single) - albedo[below])
    hairy = np.flatnonzero((scene.hair > 0) & (scene.part < 4))
    strands = 1 + .25 * smooth_noise(rng, (size, size), 100).reshape(
        -1, 1)[scene.raster.pixels[hairy]]
    cover = np.clip(scene.hair[hairy] * 1.3, 0, 1)[:, None]
    albedo[hairy] += cover * (subject.hair.astype(single) * strands -
                              albedo[hairy])

    lamp = _random_direction(rng)
    ambient, key = rng.uniform(.25, .65), rng.uniform(.35, .95)
    lamp_colour = 1 + rng.uniform(-.15, .15, 3)
    lambert = np.maximum(.85 * (scene.normal @ lamp.astype(single)) + .15, 0)
    sky = ambient * (.775 - .225 * scene.normal[:, 1])
    light = sky[:, None] + lambert[:, None] * (key *
                                               lamp_colour).astype(single)
    # The chin shades the neck.
    light[below] *= 1 - .45 * np.exp(
        -((scene.part[below, None] - 1.6) / .6)**2)
    albedo *= light
    half = lamp + [0, 0, 1]
    half /= np.linalg.norm(half)
    shine = np.maximum(scene.normal @ half.astype(single), 0)**24
    shine *= single(rng.uniform(.02, .12) * key)
    shine[hairy] *= 1 - cover[:, 0]
    shine[below] *= 1 - cloth[:, 0]
    albedo += shine[:, None]

    image = _visible_background(rng, size) * single(.4 + .6 * ambient +
                                                    .3 * key)
    scene.place(image, albedo)
    if glasses is not None:
        lens = glasses.lens_mask()[..., None]
        image += lens * (single(rng.uniform(.05, .5)) - image) * single(
            .35 * rng.random())
        frame = glasses.frame_mask(rng.uniform(.15, .5))[..., None]
        image += frame * (rng.uniform(.01, .3, 3).astype(single) - image)
    image *= (rng.uniform(.75, 1.25) *
              (1 + rng.uniform(-.06, .06, 3))).astype(single)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(.45, .8))
    # A gamma of 2, near enough to sRGB and much cheaper.
    image = np.sqrt(np.clip(image, 0, 1)) * single(255)
    image += single(rng.uniform(.5, 4)) * rng.standard_normal(
        image.shape, dtype=single)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _render_temperature(scene, glasses, rng, steady):
    subject, size = scene.subject, scene.size
    ambient_k = _CELSIUS + rng.uniform(16, 28)
    skin_k = _CELSIUS + np.clip(
        33.4 + .12 * (ambient_k - _CELSIUS - 22) + rng.normal(0, .5), 31, 35.5)
    skin_k += subject.skin_offset_k
    # What is painted depends on the view, and so does how much is drawn.
    canvas = paint_temperature(subject, scene.view, scene.chart_landmarks,
                               rng.spawn(1)[0] if steady else rng)
    relative = canvas.sample(scene.theta, scene.y)[:, 0]
    neck = np.clip((scene.part - 1) / .4, 0, 1)
    relative = relative * (1 - neck) + neck * .5
    excess_k = skin_k - ambient_k
    temperature = skin_k + relative
    texture = smooth_noise(rng, (size, size), 40).ravel()[scene.raster.pixels]
    cloth_k = ambient_k + rng.uniform(.3, .6) * excess_k + .5 * texture
    cloth = np.clip((scene.part - 2.75) / .2, 0, 1)
    temperature += cloth * (cloth_k - temperature)
    hair_k = ambient_k + rng.uniform(.3, .55) * excess_k + .5 * texture
    # Hair roots are warm: the boundary to the skin is gradual.
    temperature += np.clip(scene.hair, 0, 1)**1.5 * (hair_k - temperature)
    # Skin emits less at grazing angles and mirrors the surroundings instead.
    facing = np.clip(scene.normal[:, 2], 0, 1)
    emissivity = .98 - .22 * (1 - facing)**4
    temperature = emissivity * temperature + (1 - emissivity) * ambient_k

    spread_k = rng.choice([.4, 1.5, 4.], p=[.5, .35, .15])
    image = ambient_k + spread_k * smooth_noise(rng, (size, size), 4)
    if rng.random() < .12:  # a sunlit wall or a heater behind the person
        image += rng.uniform(3, 16)
    image = scene.place(image[..., None], temperature[:, None])[..., 0]
    if glasses is not None:
        cold_k = ambient_k + rng.uniform(.05, .35) * excess_k
        cover = np.maximum(glasses.lens_mask(), glasses.frame_mask(.3))
        image += cover * (cold_k - image)
    return _microbolometer(image.astype(np.float32), rng)


def _microbolometer(temperature_k, rng):
    """Optical blur, a low native resolution and noise of the sensor."""
    size = temperature_k.shape[0]
    image = cv2.GaussianBlur(temperature_k, (0, 0),
                             rng.uniform(1.6, 3.2) * size / 256)
    native = max(int(round(rng.uniform(.17, .34) * size)), 8)
    image = cv2.resize(image, (native, native), interpolation=cv2.INTER_AREA)
    image += rng.uniform(.08, .22) * rng.standard_normal(
        image.shape, dtype=np.float32)
    image += rng.uniform(.02, .07) * rng.standard_normal(
        (1, native), dtype=np.float32)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)


def render_pair(subject, view, rng, size=256, thermal=True, steady=False):
    """Renders an aligned RGB-thermal pair.

    Args:
        subject (Subject): Who.
        view (View): How.
        rng (np.random.Generator): Lighting, background and sensor noise.
        size (int): Side of the square image in pixels.
        thermal (bool): Whether to render the thermal image too.
        steady (bool): Whether the surroundings must not depend on the view,
            as from frame to frame of a sequence. Defaults to False.

    Returns:
        RenderedPair: Both images and the landmarks.
    """
    scene = _Scene(subject, view, size)
    glasses = _Glasses(scene) if view.glasses else None
    visible_rng, thermal_rng = rng.spawn(2)
    return RenderedPair(
        rgb=_render_rgb(scene, glasses, visible_rng),
        temperature_k=_render_temperature(scene, glasses, thermal_rng, steady)
        if thermal else None,
        keypoints=scene.keypoints,
        visible=scene.visible,
        person=np.isfinite(scene.raster.depth))


def automatic_gain(temperature_k, rng=None):
    """Maps temperature to 8 bits as a camera's automatic gain does.

    The range spans the coldest to the warmest pixels of the whole frame, so
    the few kelvin inside a face keep few grey levels.

    Args:
        temperature_k (np.ndarray): Shape (H, W), kelvin.
        rng (np.random.Generator, optional): Varies the margins of the range.

    Returns:
        np.ndarray: Shape (H, W), uint8.
    """
    low, high = np.percentile(temperature_k[::2, ::2], [1, 99.7])
    span = max(high - low, 2.)
    margin = rng.uniform(0, .35, 2) if rng is not None else (0, 0)
    low, high = low - margin[0] * span, high + margin[1] * span
    grey = (temperature_k - low) * (255 / (high - low))
    return np.clip(np.round(grey), 0, 255).astype(np.uint8)
