"""The picture of a scene in visible light."""
import cv2
import numpy as np

from .backgrounds import visible_background
from .curves import bump, smoothstep
from .skin_colour import paint_albedo


def render_rgb(scene, foreground, rng):
    """Renders the visible image.

    Args:
        scene (Scene): The person.
        foreground (Foreground): What stands before the face.
        rng (np.random.Generator): Light, background and camera.

    Returns:
        np.ndarray: BGR, (H, W, 3), uint8.
    """
    single = np.float32  # arithmetic in float64 would take twice as long
    lamp = _random_direction(rng)
    ambient, key = rng.uniform(.25, .65), rng.uniform(.35, .95)
    lamp_colour = 1 + rng.uniform(-.15, .15, 3)
    background = visible_background(rng, scene.size)
    skin = paint_albedo(scene.subject, scene.view, scene.marks).sample(
        scene.theta, scene.y)
    below = scene.part > 1
    skin[below] = scene.subject.skin
    colour, bare = _covered(scene, skin, rng)

    lambert = np.maximum(.85 * (scene.normal @ lamp.astype(single)) + .15, 0)
    sky = ambient * (.775 - .225 * scene.normal[:, 1])
    light = sky[:, None] + lambert[:, None] * (key *
                                               lamp_colour).astype(single)
    light *= (1 - .55 * scene.hollow)[:, None]
    # The chin shades the neck.
    shade = bump(scene.part - 1.6, .6) * smoothstep(
        scene.part, 1, 1.4) * smoothstep(np.cos(scene.theta), 0, .6)
    light *= (1 - .5 * shade)[:, None]
    colour = colour * light
    half = lamp + [0, 0, 1]
    half /= np.linalg.norm(half)
    shine = np.maximum(scene.normal @ half.astype(single), 0)**24
    colour += (bare * shine * single(rng.uniform(.02, .12) * key))[:, None]

    image = background * single(.4 + .6 * ambient + .3 * key)
    scene.place(image, colour)
    level = single(ambient + .5 * key)
    _add_foreground(image, scene, foreground, level, rng)
    return _photograph(image, rng)


def _random_direction(rng):
    """A direction towards a lamp: in front of the face and mostly above."""
    azimuth, elevation = rng.uniform(-1.2, 1.2), rng.uniform(-.3, 1.1)
    return np.array([
        np.sin(azimuth) * np.cos(elevation), -np.sin(elevation),
        np.cos(azimuth) * np.cos(elevation)
    ])


def _covered(scene, colour, rng):
    """Lays hair and clothes over the skin: colours, and how bare it is."""
    bare = np.ones(len(colour), np.float32)
    for covering in scene.coverings:
        kind, alpha = covering.layer.kind, covering.alpha
        dye = rng.uniform(.03, .7, 3)
        rough = .3 if kind == 'hair' else rng.uniform(.02, .15)
        if kind == 'hair':
            dye = scene.subject.hair
        elif kind == 'cloth':
            dye = scene.subject.cloth
        shade = np.clip(1 + rough * scene.strands, .2, 2)[:, None]
        value = dye.astype(np.float32) * shade
        colour = colour + alpha[:, None] * (value - colour)
        bare *= 1 - alpha
    return colour, bare


def _add_foreground(image, scene, foreground, level, rng):
    single = np.float32
    cloth, gloss, frame = (rng.uniform(.03, .6, 3), rng.uniform(.05, .5),
                           rng.uniform(.01, .3, 3))
    if foreground.visor is not None:
        image += foreground.visor[..., None] * (
            (level * cloth).astype(single) - image)
    if foreground.lens is not None:
        tint = rng.uniform(.75, .97) if scene.view.sunglasses else (
            .35 * rng.random())
        shade = .04 if scene.view.sunglasses else gloss
        lens = foreground.lens[..., None]
        image += lens * (single(shade) - image) * single(tint)
        image += foreground.frame[..., None] * (frame.astype(single) - image)
    if foreground.hand is not None:
        skin = scene.subject.skin * level * (
            .45 + .55 * foreground.hand_height[..., None])
        image += foreground.hand[..., None] * (skin.astype(single) - image)


def _photograph(image, rng):
    """Exposure, white balance, focus and noise of a camera."""
    single = np.float32
    image *= (rng.uniform(.9, 1.6) *
              (1 + rng.uniform(-.06, .06, 3))).astype(single)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(.45, .8))
    # A gamma of 2, near enough to sRGB and much cheaper.
    image = np.sqrt(np.clip(image, 0, 1)) * single(255)
    image += single(rng.uniform(.5, 4)) * rng.standard_normal(
        image.shape, dtype=single)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
