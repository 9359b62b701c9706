"""What a face looks like in visible light and in long-wave infrared.

Both painters work on the chart of :class:`Head` and share nothing but the
geometry: no visible colour shows in the thermal image and no temperature in
the visible one.
"""
import numpy as np

from .canvas import Canvas, closed_spline, open_spline, smooth_noise

_RIGHT_EYE, _LEFT_EYE = np.arange(36, 42), np.arange(42, 48)
_OUTER_LIP, _INNER_LIP = np.arange(48, 60), np.arange(60, 68)


def _beard_outline(landmarks):
    """From ear to ear along the jaw, up to the nose; the lips are inside."""
    jaw, nose = landmarks[1:16], landmarks[31:36]
    lower = jaw + [0, .6]
    upper = np.array([jaw[-1] * [.93, 1], landmarks[54] + [.12, -1.1],
                      nose[4] + [.0, .45], nose[2] + [0, .35],
                      nose[0] + [.0, .45], landmarks[48] + [-.12, -1.1],
                      jaw[0] * [.93, 1]])
    return np.concatenate([lower, upper])


def paint_albedo(subject, view, landmarks):
    """Paints linear BGR reflectance.

    Args:
        subject (Subject): Colours.
        view (View): Gaze and expression.
        landmarks (np.ndarray): Chart landmarks (68, 2).

    Returns:
        Canvas: With three channels in [0, 1].
    """
    rng = np.random.default_rng(subject.texture_seed)
    canvas = Canvas(subject.skin)
    shape = canvas.image.shape[:2]
    mottle = .05 * smooth_noise(rng, shape, 14) + .035 * smooth_noise(
        rng, shape, 110)
    canvas.image *= (1 + mottle)[..., None]
    blush = np.array([.82, .8, 1.04])
    for x in (-1, 1):
        canvas.scale_spot((.62 * x, 3.4), (1.5, 1.1), blush)
    canvas.scale_spot(landmarks[30], (.9, .8), blush)
    hair = np.asarray(subject.hair)
    if subject.beard:
        canvas.fill(_beard_outline(landmarks), hair * .9 + .1 * subject.skin,
                    .85 * subject.beard, .35)

    lip = subject.skin * [.62, .55, 1.0] * (
        1 - .35 * (subject.lip_redness - .5))
    canvas.fill(closed_spline(landmarks[_OUTER_LIP], 4), lip, .9, .06)
    inner = closed_spline(landmarks[_INNER_LIP], 4)
    canvas.fill(inner, [.03, .02, .07], 1, .04)
    opening = landmarks[66, 1] - landmarks[62, 1]
    if opening > .5:
        teeth = landmarks[[60, 61, 62, 63, 64]]
        lower = teeth[::-1] + [0, 1] * np.array(
            [0, .55, .65, .55, 0])[:, None] * min(opening, .9)
        canvas.fill(np.concatenate([teeth, lower]), [.55, .66, .7], .95, .03)

    dark = .25 * subject.skin
    for eye in (_RIGHT_EYE, _LEFT_EYE):
        points = landmarks[eye]
        outline = closed_spline(points)
        centre = .5 * (points[0] + points[3])
        canvas.scale_spot(centre, (1.6, .9), .86)
        canvas.fill(outline, [.62, .66, .7], 1, .02)
        gaze = centre + [view.gaze[0] * .12, -.05 + view.gaze[1] * .4]
        canvas.disc(gaze, .62, outline, .35 * np.asarray(subject.iris))
        canvas.disc(gaze, .54, outline, subject.iris)
        canvas.disc(gaze, .24, outline, [.01, .01, .01])
        canvas.disc(gaze + [.02, -.2], .1, outline, [.95, .95, .95], .9)
        upper = points[:4]
        canvas.stroke(open_spline(upper), .17, dark * .4, .95, .02)
        lower = points[[0, 5, 4, 3]]
        canvas.stroke(open_spline(lower), .07, dark, .7, .02)
        crease = open_spline(upper - [0, .42])
        canvas.stroke(crease, .12, dark * 1.6, .5, .05)

    brow_colour = hair * .75 + .08 * subject.skin
    for brow in (landmarks[17:22], landmarks[22:27]):
        canvas.stroke(open_spline(brow), subject.brow_thickness_cm,
                      brow_colour, .88, .05)

    for x, ala in ((-1, landmarks[31]), (1, landmarks[35])):
        nostril = .45 * ala + .55 * landmarks[33] + [0, -.12]
        canvas.fill(_ellipse(nostril, .055, .2), dark * .35, .9, .05)
        wing = np.array([ala + [x * -.005, -.75], ala + [x * .03, -.3],
                         ala + [x * .005, .1]])
        canvas.stroke(open_spline(wing), .14, dark * 1.8, .5, .06)
        corner = landmarks[48 if x < 0 else 54]
        fold = np.array([ala + [x * .05, -.5], .5 * (ala + corner) +
                         [x * .11, 0], corner + [x * .1, -.1]])
        canvas.stroke(open_spline(fold), .2, dark * 2,
                      .25 + .25 * max(view.smile, 0), .1)
    base = landmarks[31:36] + [0, .05]
    canvas.stroke(open_spline(base), .14, dark * 1.5, .4, .06)
    return canvas


def _ellipse(centre, half_width, half_height):
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return centre + np.stack(
        [half_width * np.cos(angle), half_height * np.sin(angle)], 1)


def paint_temperature(subject, view, landmarks, rng):
    """Paints the skin's temperature difference to the face's mean, kelvin.

    The pattern follows thermography of resting faces: warm inner eye corners
    and forehead, cooler cheeks, chin and ears, and a nose whose tip varies by
    several kelvin.

    Args:
        subject (Subject): Thermal traits.
        view (View): Expression.
        landmarks (np.ndarray): Chart landmarks (68, 2).
        rng (np.random.Generator): The state of the moment.

    Returns:
        Canvas: With one channel, kelvin.
    """
    canvas = Canvas(0., height=160, width=192)
    shape = canvas.image.shape[:2]
    vessels = .28 * smooth_noise(rng, shape, 9) + .12 * smooth_noise(
        rng, shape, 26)
    canvas.image[..., 0] += vessels
    mood = rng.uniform(.6, 1.2)
    canvas.add_spot((0, -5), (4.5, 2.2), subject.forehead_warmth_k * mood)
    for x in (-1, 1):
        canvas.add_spot((.62 * x, 3.4), (2.2, 1.7),
                        -subject.cheek_coolness_k * mood)
        canvas.add_spot((1.62 * x, 1), (1.6, 2.2), -1.3)
    canvas.add_spot((0, landmarks[8, 1] - .8), (2., 1.2), -.35)
    nose = .35 * landmarks[28] + .65 * landmarks[30]
    canvas.add_spot(nose, (.95, 1.5), -subject.nose_coolness_k * mood)
    if subject.beard:
        canvas.add(_beard_outline(landmarks), -1.6 * subject.beard, .5)
    canvas.fill(closed_spline(landmarks[_OUTER_LIP], 4), .3, .45, .25)
    opening = landmarks[66, 1] - landmarks[62, 1]
    if opening > .4:
        canvas.fill(closed_spline(landmarks[_INNER_LIP], 4),
                    rng.uniform(-.6, 1.), .8, .12)
    for eye, inner in ((_RIGHT_EYE, 39), (_LEFT_EYE, 42)):
        canvas.add(closed_spline(landmarks[eye], 3), -.35, .2)
        canvas.add_spot(landmarks[inner] + [0, .1], (.6, .5),
                        subject.canthus_warmth_k)
    for brow in (landmarks[17:22], landmarks[22:27]):
        canvas.stroke(open_spline(brow), subject.brow_thickness_cm * 1.3,
                      -.45, .8, .2)
    return canvas
