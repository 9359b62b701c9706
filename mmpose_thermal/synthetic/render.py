"""Renders one aligned RGB-thermal pair of a parametric head."""
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from .accessories import Glasses, hand_mask, visor_mask
from .cameras import choose_sensor
from .curves import at_points
from .head import Head
from .scene import Scene
from .thermal import render_temperature
from .visible import render_rgb


@dataclass
class RenderedPair:
    """One picture in both modalities.

    Attributes:
        rgb (np.ndarray): BGR as OpenCV stores it, (H, W, 3), uint8.
        temperature_k (np.ndarray): Apparent temperature, (H, W), float32,
            kelvin; ``None`` if only RGB was asked for.
        keypoints (np.ndarray): iBUG points in pixels, (68, 2); the jaw's are
            on the outline of the face as the camera sees it.
        visible (np.ndarray): False where something hides the point, (68, ).
        person (np.ndarray): True where the person is, (H, W).
        sensor (str): Name of the thermal camera.
        attributes (dict): What is known of the face: glasses, hair, ....
    """
    rgb: np.ndarray
    temperature_k: Optional[np.ndarray]
    keypoints: np.ndarray
    visible: np.ndarray
    person: np.ndarray
    sensor: str = 'boson'
    attributes: dict = field(default_factory=dict)


@dataclass
class Foreground:
    """Masks (H, W) in [0, 1] of what stands before the face, or None."""
    lens: Optional[np.ndarray] = None
    frame: Optional[np.ndarray] = None
    visor: Optional[np.ndarray] = None
    hand: Optional[np.ndarray] = None
    hand_height: Optional[np.ndarray] = None


def _foreground(scene, rng):
    view, found = scene.view, Foreground()
    if view.glasses:
        glasses = Glasses(scene, rng)
        found.lens, found.frame = glasses.lens_mask(), glasses.frame_mask()
    if view.headwear == 'cap':
        found.visor = visor_mask(scene, rng)
    if view.hand:
        found.hand, found.hand_height = hand_mask(scene, rng)
    return found


def render_pair(subject, view, rng, size=256, thermal=True, difficulty=.5,
                make_head=Head):
    """Renders an aligned RGB-thermal pair.

    Args:
        subject (Subject): Who.
        view (View): How.
        rng (np.random.Generator): Clothes, lighting, background and sensor;
            they do not depend on the view.
        size (int): Side of the square image in pixels.
        thermal (bool): Whether to render the thermal image too.
        difficulty (float): Of the sensor's blur and noise, 0 to 1.
        make_head (Callable): Of :func:`.head_maker`: the geometry.

    Returns:
        RenderedPair: Both images and the landmarks.
    """
    scene_rng, front_rng, visible_rng, thermal_rng = rng.spawn(4)
    scene = Scene(subject, view, size, scene_rng, make_head)
    foreground = _foreground(scene, front_rng)
    sensor = choose_sensor(thermal_rng)
    hidden = np.zeros((size, size), bool)  # behind a visor or a hand
    for mask in (foreground.visor, foreground.hand):
        if mask is not None:
            hidden |= mask > .5
    return RenderedPair(
        rgb=render_rgb(scene, foreground, visible_rng),
        temperature_k=render_temperature(scene, foreground, sensor,
                                         thermal_rng, difficulty)
        if thermal else None,
        keypoints=scene.keypoints,
        visible=scene.visible & ~at_points(hidden, scene.keypoints),
        person=np.isfinite(scene.raster.depth) | hidden,
        sensor=sensor,
        attributes=dict(
            yaw_deg=round(float(np.degrees(view.yaw)), 2),
            glasses=view.glasses,
            mask=view.mask,
            headwear=view.headwear,
            beard=round(subject.beard, 2),
            hair=subject.hair_style))
