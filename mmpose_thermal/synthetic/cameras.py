"""Thermal cameras: what optics, detector and automatic gain make of a scene.

A sensor turns temperatures into temperatures with its blur and noise; a gain
turns those into the 8 bits that are seen and stored.
"""
from dataclasses import dataclass, field

import cv2
import numpy as np

from .curves import smooth_noise


@dataclass
class Sensor:
    """A kind of thermal camera.

    Attributes:
        odds (float): How often it occurs.
        width (tuple): Its pixels across the picture, as a share of those of
            the rendered picture: lowest and highest.
        blur (tuple): Sigma of its optics in its own pixels.
        netd_k (tuple): Temporal noise, kelvin.
        stripes_k (tuple): Fixed pattern of columns and rows, kelvin.
        halo (tuple): Share of the surroundings that is subtracted.
        video (float): How often the picture comes from compressed video.
        gains (dict): How often each gain is used.
    """
    odds: float
    width: tuple
    blur: tuple
    netd_k: tuple
    stripes_k: tuple = (.005, .045)
    halo: tuple = (0., 0.)
    video: float = 0.
    gains: dict = field(default_factory=dict)


#: The cameras by name: small cores, phone cameras, good bolometers, and the
#: ferroelectric ones of the early data sets.
SENSORS = dict(
    lepton=Sensor(
        .2, (.4, .62), (.55, .8), (.07, .15),
        gains=dict(plateau=.3, frame=.45, window=.15, face=.1)),
    flir_one=Sensor(
        .12, (.3, .45), (.6, 1.), (.06, .12),
        gains=dict(frame=.5, window=.2, cutout=.3)),
    boson=Sensor(
        .28, (.75, 1.), (.3, .5), (.06, .13),
        gains=dict(plateau=.35, frame=.3, face=.25, window=.1)),
    t540=Sensor(
        .25, (.8, 1.), (.25, .4), (.06, .13),
        gains=dict(frame=.3, window=.2, cutout=.4, face=.1)),
    ferroelectric=Sensor(
        .15, (.6, .9), (.45, .8), (.09, .18), (.02, .07), (.15, .6), .7,
        gains=dict(saturated=.35, face=.4, plateau=.25)))


def choose_sensor(rng):
    """Draws the name of a camera."""
    return _draw(rng, {name: kind.odds for name, kind in SENSORS.items()})


def choose_gain(rng, sensor, faces=1):
    """Draws the name of a camera's gain; only single heads are cut out."""
    return _draw(rng, {
        name: odds for name, odds in SENSORS[sensor].gains.items()
        if faces == 1 or name != 'cutout'
    })


def _draw(rng, odds):
    shares = np.array(list(odds.values()))
    return str(rng.choice(list(odds), p=shares / shares.sum()))


def sense(temperature_k, sensor, rng, difficulty=.5):
    """What a camera measures of a scene.

    Args:
        temperature_k (np.ndarray): Apparent temperature, (H, W), float32.
        sensor (str): One of :data:`SENSORS`.
        rng (np.random.Generator): Noise, focus.
        difficulty (float): From 0, sharp and quiet, to 1.

    Returns:
        np.ndarray: Kelvin, (H, W), float32.
    """
    kind = SENSORS[sensor]
    size = temperature_k.shape[0]
    worse = .7 + .6 * difficulty
    native = max(int(round(rng.uniform(*kind.width) * size / worse)), 8)
    native = min(native, size)
    sigma = rng.uniform(*kind.blur) * worse * size / native
    if rng.random() < .2 * difficulty:  # out of focus
        sigma += rng.uniform(.5, 2.2) * size / 256
    image = cv2.GaussianBlur(temperature_k, (0, 0), sigma)
    image = cv2.resize(image, (native, native), interpolation=cv2.INTER_AREA)
    image = image + _noise(rng, native, kind, worse)
    halo = rng.uniform(*kind.halo)
    if halo > 0:
        around = cv2.GaussianBlur(image, (0, 0), .07 * native)
        image += halo * (image - around)
    flags = cv2.INTER_CUBIC if rng.random() < .6 else cv2.INTER_LINEAR
    return cv2.resize(
        image.astype(np.float32), (size, size), interpolation=flags)


def _noise(rng, native, kind, worse):
    noise = worse * rng.uniform(*kind.netd_k) * rng.standard_normal(
        (native, native), dtype=np.float32)
    for shape in ((1, native), (native, 1)):
        noise += worse * rng.uniform(*kind.stripes_k) * rng.standard_normal(
            shape, dtype=np.float32)
    # What is left of the warmth of the camera itself.
    drift = rng.uniform(0, .2)
    return noise + drift * smooth_noise(rng, (native, native), 3)


def expose(temperature_k, person, face, sensor, gain, rng):
    """The 8-bit picture that a camera delivers.

    Args:
        temperature_k (np.ndarray): As measured, (H, W), kelvin.
        person (np.ndarray): Where people are, (H, W), bool.
        face (np.ndarray): Landmarks of the first face in pixels, (68, 2).
        sensor (str): One of :data:`SENSORS`.
        gain (str): 'frame' spans the whole picture, 'plateau' equalises its
            histogram, 'face' spans the face and crushes the background,
            'saturated' lets warm skin clip as well, 'window' is a fixed range
            of temperatures, 'cutout' is 'face' with the background removed.
        rng (np.random.Generator): Margins, video.

    Returns:
        np.ndarray: Shape (H, W), uint8.
    """
    if gain == 'frame':
        grey = automatic_gain(temperature_k, rng, _skin(temperature_k, face))
    elif gain == 'plateau':
        grey = _plateau(temperature_k, face, rng)
    else:
        low, high = _limits(temperature_k, face, gain, rng)
        grey = _linear(temperature_k, low, high)
    if gain == 'cutout':
        kept = _cut_out(person & (temperature_k > low), face, rng)
        grey = np.where(kept, grey, 0).astype(np.uint8)
    if rng.random() < SENSORS[sensor].video:
        return _video(grey, rng)
    if rng.random() < .2:
        return _compressed(grey, int(rng.integers(50, 95)))
    return grey


def black_hot(rng, difficulty):
    """Draws whether the camera shows warm things dark."""
    return bool(rng.random() < .06 * difficulty)


def automatic_gain(temperature_k, rng=None, skin_k=None):
    """Maps temperature to 8 bits as a camera's simplest gain does.

    The range spans the whole frame or its warmer part, so the few kelvin
    inside a face keep few grey levels.

    Args:
        temperature_k (np.ndarray): Shape (H, W), kelvin.
        rng (np.random.Generator, optional): Varies the margins of the range.
        skin_k (np.ndarray, optional): Temperatures that must not turn black.

    Returns:
        np.ndarray: Shape (H, W), uint8.
    """
    coldest = 1.
    if rng is not None and rng.random() < .65:
        coldest = rng.uniform(5, 40)  # part of the background turns black
    low, high = np.percentile(temperature_k[::2, ::2], [coldest, 99.7])
    if skin_k is not None:
        low = min(low, np.percentile(skin_k, 5))
    span = max(high - low, 2.)
    margin = rng.uniform(-.1, .08, 2) if rng is not None else (0, 0)
    return _linear(temperature_k, low - margin[0] * span,
                   high + margin[1] * span)


def _linear(temperature_k, low, high):
    grey = (temperature_k - low) * (255 / max(high - low, 1e-3))
    return np.clip(np.round(grey), 0, 255).astype(np.uint8)


def _plateau(temperature_k, face, rng):
    """Histogram equalisation with a limit, mixed with a linear gain."""
    linear = automatic_gain(temperature_k, rng, _skin(temperature_k, face))
    counts = np.bincount(linear[::2, ::2].ravel(), minlength=256)
    limit = rng.uniform(2, 8) * counts.sum() / 256
    total = np.cumsum(np.minimum(counts, limit))
    curve = total / total[-1] * 255
    mix = rng.uniform(.35, 1)
    table = mix * curve + (1 - mix) * np.arange(256)
    return np.round(table).astype(np.uint8)[linear]


def _skin(temperature_k, face):
    """Temperatures within the hull of a face, or of the whole picture."""
    hull = cv2.convexHull(face.astype(np.float32)).round().astype(np.int32)
    inside = np.zeros(temperature_k.shape, np.uint8)
    cv2.fillPoly(inside, [hull], 1)
    skin = temperature_k[inside > 0]
    return skin if skin.size > 16 else temperature_k.ravel()


def _limits(temperature_k, face, gain, rng):
    """Temperatures that become black and white."""
    skin = _skin(temperature_k, face)
    low, middle, high = np.percentile(skin, [2, 50, 99.5])
    if gain == 'window':
        centre = middle + rng.uniform(-3, 1)
        span = rng.uniform(7, 16)
        return centre - .6 * span, centre + .4 * span
    if gain == 'saturated':
        span = rng.uniform(5, 9)
        top = middle + rng.uniform(-.6, .8)
        return top - span, top
    span = max(high - low, 2.)
    floor = rng.uniform(.1, 1.3)
    return low - floor * span, high + rng.uniform(-.05, .2) * span


def _cut_out(person, face, rng):
    """The head as segmented, with a ragged border, or a rectangle of it."""
    size = person.shape[0]
    if rng.random() < .25:
        low, high = face.min(0), face.max(0)
        extent = high - low
        left, top = low - rng.uniform(-.02, .25, 2) * extent
        right, bottom = high + rng.uniform(-.02, .25, 2) * extent
        rows, columns = np.arange(size)[:, None], np.arange(size)
        return ((columns > left) & (columns < right) & (rows > top) &
                (rows < bottom))
    chin, eyes = face[8], face[36:48].mean(0)
    down = chin - eyes
    length = max(np.hypot(*down), 1.)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    along = ((x - eyes[0]) * down[0] + (y - eyes[1]) * down[1]) / length**2
    low = rng.uniform(1.05, 1.55)
    high = -rng.uniform(.4, .8)
    wobble = .03 * smooth_noise(rng, (size, size), 12)
    kept = person & (along < low + wobble) & (along > high + 2 * wobble)
    distance = cv2.distanceTransform(kept.astype(np.uint8), cv2.DIST_L2, 3)
    ragged = smooth_noise(rng, (size, size), max(size // 8, 2))
    return kept & (distance > rng.uniform(0, .01) * size * (1 + ragged))


def _video(grey, rng):
    """JPEG or MPEG blocks, lines of interlacing, noise of the tape."""
    image = grey.astype(np.float32)
    if rng.random() < .2:
        image[1::2] = np.roll(image[1::2], 1, 1)
    image += rng.uniform(0, 4) * rng.standard_normal(
        (len(image), 1), dtype=np.float32)
    return _compressed(np.clip(image, 0, 255).astype(np.uint8),
                       int(rng.integers(18, 70)))


def _compressed(grey, quality):
    coded = cv2.imencode('.jpg', grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
