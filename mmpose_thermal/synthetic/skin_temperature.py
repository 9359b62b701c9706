"""How warm the skin of a face is, place by place.

The pattern follows thermography: inner eye corners, orbits, forehead and the
folds beside the nose are warm, where vessels are near; cheeks, chin and ears
are cooler, and the nose, which loses most heat, by up to several kelvin. Hair
of brows, lashes and beard is nearly as cold as the air.
"""
import numpy as np

from .canvas import SHAPE, Canvas
from .curves import closed_spline, fractal_noise, smooth_noise
from .marks import EYES, INNER_LIP, OUTER_LIP


def paint_temperature(subject, view, marks, rng):
    """Paints the skin's temperature difference to the face's mean, kelvin.

    Args:
        subject (Subject): Thermal traits.
        view (View): Expression.
        marks (Marks): Where everything is.
        rng (np.random.Generator): The state of the moment.

    Returns:
        Canvas: With one channel, kelvin.
    """
    canvas = Canvas(0.)
    canvas.image[..., 0] += .24 * smooth_noise(rng, SHAPE, 4)
    canvas.image[..., 0] += subject.mottle_k * fractal_noise(
        rng, SHAPE, 13, 4)
    mood = rng.uniform(.7, 1.25)
    _regions(canvas, subject, marks, mood, rng)
    _nose(canvas, subject, marks, mood, rng)
    canvas.add_lines(marks.vessels, .3, subject.vessel_warmth_k * mood, .12)
    canvas.add_lines(marks.wrinkles, .12, .6 * subject.wrinkles, .05)
    _ears(canvas, subject, marks, mood)
    if subject.beard:
        _beard(canvas, subject, marks, rng)
    if rng.random() < .12:
        _sweat(canvas, marks, rng)
    _eyes(canvas, subject, view, marks, rng)
    _mouth(canvas, subject, marks, rng)
    return canvas


def _regions(canvas, subject, marks, mood, rng):
    points = marks.points
    chin_y, mouth_y = points[8, 1], points[62, 1]
    warm, cool = subject.forehead_warmth_k * mood, (
        subject.cheek_coolness_k * mood)
    canvas.add_spot(marks.at(0, -5), (5.2, 2.5), warm)
    for side in (-1, 1):
        canvas.add_spot(marks.at(side * 6.1, -2.2), (1.3, 1.7), .45)
        canvas.add_spot(marks.at(side * 2.1, .2), (1.5, .95),
                        .5 * subject.canthus_warmth_k)
        canvas.add_spot(marks.at(side * 3.2, -.7), (1.6, .4), .5)
        canvas.add_spot(marks.at(side * 3.1, 1.), (1.5, .4), .35)
        _cheek(canvas, marks, side, cool, rng)
        # Vessels along the jaw's angle and the corner of the mouth.
        canvas.add_spot(marks.at(side * 3.1, mouth_y), (.8, .9), .3)
        canvas.add_spot((side * .95, 6.), (1.2, 1.4), .25)
    canvas.add_spot((0, mouth_y), (2.2, 1.4),
                    subject.perioral_warmth_k * mood)
    canvas.add_spot((0, chin_y - 1.2), (1.5, .8), -rng.uniform(0, .9))
    folds = rng.uniform(.4, 1.4)
    canvas.add_lines(marks.nasolabial_folds(), .2, folds, .1)


def _cheek(canvas, marks, side, cool, rng):
    """Patches below the eye and over the jaw muscle, never quite alike."""
    for x, y, radius in ((3.3, 2.7, (1., .8)), (4.3, 3.1, (1.3, 1.1)),
                         (5.1, 3.8, (1.4, 1.6)), (4.6, 5.2, (1.3, 1.5))):
        place = marks.at(side * (x + rng.normal(0, .2)), y + rng.normal(0, .25))
        canvas.add_spot(place, radius, -cool * rng.uniform(.35, .9))


def _nose(canvas, subject, marks, mood, rng):
    points = marks.points
    cool = subject.nose_coolness_k * mood
    ridge = points[27] + np.array([0, rng.uniform(.1, .9)])
    shape = np.array([
        ridge + [-.06, 0], ridge + [.06, 0], points[28] + [.12, .3],
        points[35] + [.03, -.7], points[35] + [.015, .05], points[33],
        points[31] + [-.015, .05], points[31] + [-.03, -.7],
        points[28] + [-.12, .3]])
    canvas.add(shape, -.55 * cool, .42)
    canvas.add(shape, -.2 * cool, .16)
    canvas.add_spot(points[30] + [0, .25], (.85, .75), -.45 * cool)
    canvas.add_spot(.5 * (points[28] + points[29]), (.6, 1.), -.2 * cool)
    canvas.add_lines(marks.nose_wings(), .16, rng.uniform(.5, 2.), .06)
    # Air that is drawn in chills the nostrils, breath warms them.
    breath = rng.uniform(-2.8, 1.8)
    for nostril in marks.nostrils():
        canvas.add(nostril, breath, .05)
    canvas.add_lines([points[31:36] + [0, .06]], .12, rng.uniform(.2, .9), .05)


def _ears(canvas, subject, marks, mood):
    cool = subject.ear_coolness_k * mood
    helix, concha = marks.ears()
    for side in (-1, 1):
        canvas.add_spot((side * np.radians(101), 1. + marks.head.ear_drop_cm),
                        (1.1, 2.6), -.7 * cool)
    canvas.add_lines(helix, .4, -.5 * cool, .12)
    for hollow in concha:
        canvas.add(hollow, .4 + .8 * cool, .25)


def _beard(canvas, subject, marks, rng):
    """Stubble shows skin between its hairs, a full beard hides it."""
    depth = rng.uniform(1.3, 3.4) * subject.beard
    texture = np.clip(1.5 * subject.beard - .35 + 1.1 *
                      (marks.bristle - .5), .06, 1) * (
                          .55 + .8 * (marks.bristle - .3))
    for area in marks.beard_areas():
        canvas.add(area, -depth, .28, texture)


def _eyes(canvas, subject, view, marks, rng):
    points = marks.points
    brow_k, ball_k = rng.uniform(1.8, 4.3), rng.normal(-.15, 1.1)
    for curve in marks.brows():
        canvas.stroke(curve, subject.brow_thickness_cm * 1.1,
                      -.75 * brow_k, .3 + .5 * subject.brow_density, .1)
    canvas.add_lines(marks.brow_strands, .07,
                     -.75 * brow_k * subject.brow_density)
    cornea_k = rng.uniform(.5, 2.8)
    upper, lower = marks.lashes()
    canvas.add_lines(upper + lower, .3, rng.uniform(.6, 2.), .03)
    canvas.add_lines(marks.creases(), .12, rng.uniform(0, .9), .04)
    for eye, inner in zip(EYES, (39, 42)):
        canvas.add(closed_spline(points[eye], 4), ball_k, .04)
        # The cornea is cooler than the white of the eye.
        canvas.add_spot(points[eye].mean(0), (.42, .25), -cornea_k * (
            1 - np.clip(view.eye_closure, 0, 1)))
        canvas.add_spot(points[inner] + [0, .05], (.36, .32),
                        subject.canthus_warmth_k)
    lash_k = rng.uniform(1.5, 4.6)
    canvas.add_lines(upper, .09, -lash_k)
    canvas.add_lines(lower, .07, -.35 * lash_k)


def _mouth(canvas, subject, marks, rng):
    points = marks.points
    lip_k = rng.normal(-.8, 1.25) - .12 * max(subject.nose_coolness_k, 0)
    canvas.add(closed_spline(points[OUTER_LIP], 4), lip_k, .07)
    lower = np.concatenate([points[[48, 60, 67, 66, 65, 64, 54]],
                            points[55:60]])
    canvas.add(lower, rng.normal(0, 1.2), .07)
    border = closed_spline(points[OUTER_LIP], 3)
    canvas.add_lines([np.concatenate([border, border[:1]])], .12,
                     rng.normal(.1, .9), .03)
    inner = closed_spline(points[INNER_LIP], 4)
    gap = points[66, 1] - points[62, 1]
    if gap < .25:
        canvas.add_lines([points[60:65]], .1, rng.normal(0, 1.8), .02)
        return
    canvas.fill(inner, rng.choice([rng.uniform(.3, 1.8),
                                   rng.uniform(-2.2, .3)], p=[.65, .35]),
                .92, .05)
    teeth = marks.teeth()
    if teeth is not None:
        teeth_k = rng.uniform(-1.8, -.4)
        canvas.fill(teeth, teeth_k, .9, .03)
        canvas.add_lines(marks.tooth_gaps(), .06, .5)
    rim = rng.uniform(.1, 1.4)
    canvas.add_lines([np.concatenate([inner, inner[:1]])], .14, rim, .03)


def _sweat(canvas, marks, rng):
    """Drops and wet patches that evaporation cools."""
    drops = np.clip(smooth_noise(rng, SHAPE, 90) - .9, 0, 1)
    for x, y, radius in ((0, -5, (3.5, 1.8)), (0, 5.4, (1.8, .6)),
                         (-3.5, 2.5, (1.5, 1)), (3.5, 2.5, (1.5, 1))):
        canvas.add_spot(marks.at(x, y), radius, -rng.uniform(.4, 2), drops)
