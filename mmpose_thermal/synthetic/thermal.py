"""Apparent temperatures of a scene, as a thermal camera measures them."""
import numpy as np

from .backgrounds import thermal_background
from .cameras import sense
from .curves import bump, smooth_noise
from .skin_temperature import paint_temperature

_CELSIUS = 273.15


def render_temperature(scene, foreground, sensor, rng, difficulty):
    """Renders the thermal image.

    Args:
        scene (Scene): The person.
        foreground (Foreground): What stands before the face.
        sensor (str): The camera.
        rng (np.random.Generator): The room, the moment and the noise.
        difficulty (float): Of the sensor's blur and noise.

    Returns:
        np.ndarray: Kelvin, (H, W), float32.
    """
    subject, size = scene.subject, scene.size
    ambient_k = _CELSIUS + rng.uniform(15, 28)
    skin_k = _CELSIUS + np.clip(
        33.6 + .12 * (ambient_k - _CELSIUS - 22) + rng.normal(0, .6), 31.5,
        35.5) + subject.skin_offset_k
    image = thermal_background(rng, size, ambient_k)
    # How much is drawn for the skin depends on the view; what follows must
    # not, or a sequence would flicker.
    painter, wear, front, camera = rng.spawn(4)
    skin = _skin(scene, skin_k, ambient_k, painter)
    temperature = _covered(scene, skin, skin_k, ambient_k, wear)
    # Skin emits less at grazing angles and mirrors the surroundings instead.
    facing = np.clip(scene.normal[:, 2], 0, 1)
    emissivity = .98 - .2 * (1 - facing)**4
    temperature = emissivity * temperature + (1 - emissivity) * ambient_k
    image = scene.place(image[..., None], temperature[:, None])[..., 0]
    _add_foreground(image, foreground, skin_k, ambient_k, front)
    return sense(image.astype(np.float32), sensor, camera, difficulty)


def _skin(scene, skin_k, ambient_k, rng):
    """Bare skin at every surface pixel, kelvin."""
    canvas = paint_temperature(scene.subject, scene.view, scene.marks, rng)
    relative = canvas.sample(scene.theta, scene.y)[:, 0]
    relative *= np.clip(rng.lognormal(.1, .25), .7, 1.8)
    neck_k, shadow_k = rng.uniform(-.2, .9), rng.uniform(.2, 1.)
    neck = np.clip((scene.part - .99) / .3, 0, 1)
    side = bump(np.abs(scene.theta) - .9, .5)
    cords = np.interp(scene.theta, np.linspace(-np.pi, np.pi, 64),
                      smooth_noise(rng, (1, 64), (1, 20))[0])
    relative = relative * (1 - neck) + neck * (
        neck_k + .4 * side + .3 * cords + shadow_k * bump(scene.part - 1.4, .4))
    # Hollows lose less heat than what stands out.
    return skin_k + relative + 1.1 * (scene.hollow - .12)


def _covered(scene, temperature, skin_k, ambient_k, rng):
    """Lays hair, clothes and masks over the skin."""
    for covering in scene.coverings:
        kind, inside = covering.layer.kind, np.clip(covering.inside_cm, 0, 9)
        if kind == 'hair':
            value = _hair_k(scene, inside, skin_k, ambient_k, rng)
        else:
            value = _fabric_k(scene, kind, inside, skin_k, ambient_k, rng)
        temperature = temperature + covering.alpha * (value - temperature)
    return temperature


def _hair_k(scene, inside, skin_k, ambient_k, rng):
    """Nearly as cold as the air, warmer at the roots, with strands."""
    buzz = scene.subject.hair_style == 'buzz'
    share = rng.uniform(.5, .85) if buzz else rng.uniform(.12, .6)
    excess = skin_k - ambient_k
    root = .4 * np.exp(-inside / .8)
    strand = .05 * np.clip(excess, 3, 14) * scene.strands
    return ambient_k + excess * (share + (1 - share) * root) + strand


def _fabric_k(scene, kind, inside, skin_k, ambient_k, rng):
    share = dict(cloth=(.15, .7), mask=(.35, .8), hood=(.05, .45),
                 scarf=(.15, .6), beanie=(.1, .55), cap=(.1, .5))[kind]
    excess = skin_k - ambient_k
    value = ambient_k + excess * rng.uniform(*share)
    folds = smooth_noise(rng, (scene.size, scene.size), rng.integers(8, 30))
    value = value + rng.uniform(.03, .1) * excess * folds.ravel()[
        scene.raster.pixels]
    value = value + rng.uniform(0, .06) * excess * scene.strands
    # Seams and hems are thicker.
    hem = rng.normal(0, .15) * excess
    value = value + hem * bump(inside - rng.uniform(.2, 1.6), .5)
    if kind == 'mask':
        mouth = scene.marks.points[62]
        near = bump(scene.theta, .5) * bump(scene.y - mouth[1] + .8, 2.)
        value = value + rng.uniform(-2.5, 2.5) * near
    return value


def _add_foreground(image, foreground, skin_k, ambient_k, rng):
    """Glasses mirror the room, a visor is cloth, a hand is skin."""
    excess = skin_k - ambient_k
    visor_k, hand_k = ambient_k + excess * rng.uniform(.1, .5), rng.uniform(
        -3, .5)
    if foreground.visor is not None:
        image += foreground.visor * (visor_k - image)
    lens_k = ambient_k + excess * rng.uniform(-.05, .35)
    frame_k = ambient_k + excess * rng.uniform(.05, .75)
    mirrored = rng.uniform(0, .12) * excess
    if foreground.lens is not None:
        size = len(image)
        sheen = mirrored * smooth_noise(rng, (size, size), 5)
        image += foreground.lens * (lens_k + sheen - image)
        image += foreground.frame * (frame_k - image)
    if foreground.hand is not None:
        warmth = skin_k + hand_k + .8 * foreground.hand_height
        image += foreground.hand * (warmth - image)
