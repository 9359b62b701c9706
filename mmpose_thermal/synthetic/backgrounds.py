"""What is behind a person, in visible light and in temperature."""
import cv2
import numpy as np

from .curves import fractal_noise, smooth_noise

_PLACES = ('plain', 'indoor', 'outdoor')


def visible_background(rng, size):
    """Linear BGR reflectance, (size, size, 3), float32."""
    def muted_colour():
        return rng.uniform(.02, .65) * rng.uniform(.7, 1.3, 3)

    light = .2 * rng.random() * smooth_noise(rng, (size, size, 1),
                                             rng.integers(3, 9))
    image = muted_colour() * (1 + light.reshape(size, size, 1))
    for _ in range(rng.integers(0, 7)):
        corner = rng.integers(-size // 4, size, 2)
        extent = rng.integers(size // 8, size, 2)
        cv2.rectangle(image, tuple(map(int, corner)),
                      tuple(map(int, corner + extent)),
                      tuple(muted_colour()), -1)
    return cv2.GaussianBlur(
        np.clip(image, .005, 1).astype(np.float32), (0, 0),
        rng.uniform(.8, 4))


def thermal_background(rng, size, ambient_k):
    """Temperatures, (size, size), float32, kelvin.

    Args:
        rng (np.random.Generator): Which place.
        size (int): Side, pixels.
        ambient_k (float): Of the air.
    """
    place = rng.choice(_PLACES, p=[.35, .45, .2])
    image = np.full((size, size), ambient_k, np.float32)
    if place == 'outdoor':
        image = _outdoor(rng, size, ambient_k)
    elif place == 'indoor':
        image += _furniture(rng, size)
    height = np.linspace(-.5, .5, size, dtype=np.float32)[:, None]
    image -= rng.uniform(0, 1.5) * height
    image += rng.uniform(.1, .5) * smooth_noise(rng, (size, size), 4)
    if rng.random() < .06:  # a sunlit wall or a heater behind the person
        image += rng.uniform(6, 18)
    return image


def _furniture(rng, size):
    """Rectangles, lamps and cables at temperatures of their own."""
    image = np.zeros((size, size), np.float32)
    for _ in range(rng.integers(2, 9)):
        mask = np.zeros((size, size), np.uint8)
        centre = rng.uniform(0, size, 2)
        half = rng.uniform(.03, .4, 2) * size
        kind = rng.random()
        if kind < .62:
            cv2.rectangle(mask, tuple(map(int, centre - half)),
                          tuple(map(int, centre + half)), 255, -1)
        elif kind < .85:
            cv2.ellipse(mask, (tuple(map(float, centre)),
                               tuple(map(float, half)),
                               float(rng.uniform(0, 180))), 255, -1)
        else:
            end = centre + rng.normal(0, .5, 2) * size
            cv2.line(mask, tuple(map(int, centre)), tuple(map(int, end)), 255,
                     int(rng.integers(1, max(2, size // 40))), cv2.LINE_AA)
        excess = rng.normal(0, 1.6) if rng.random() < .85 else rng.uniform(
            4, 16)
        image += mask.astype(np.float32) / 255 * (excess - image)
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(.5, 3))


def _outdoor(rng, size, ambient_k):
    """A cold sky over trees or buildings over warmer ground."""
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    horizon = rng.uniform(.15, .7)
    skyline = horizon + .12 * smooth_noise(rng, (1, size), rng.integers(
        4, 30))
    ground = 1 / (1 + np.exp(-(rows - skyline) * 60))
    sky_k = ambient_k - rng.uniform(3, 20) * (1 - .5 * rows)
    leaves = rng.uniform(.3, 1.4) * fractal_noise(rng, (size, size), 24)
    image = sky_k + ground * (ambient_k + rng.uniform(-2, 3) + leaves - sky_k)
    return image.astype(np.float32)
