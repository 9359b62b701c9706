"""What a face looks like in visible light."""
import numpy as np

from .canvas import SHAPE, Canvas
from .curves import closed_spline, smooth_noise
from .marks import EYES, INNER_LIP, OUTER_LIP

_BLUSH = np.array([.82, .8, 1.04])


def paint_albedo(subject, view, marks):
    """Paints linear BGR reflectance.

    Args:
        subject (Subject): Colours.
        view (View): Gaze and expression.
        marks (Marks): Where everything is.

    Returns:
        Canvas: With three channels in [0, 1].
    """
    rng = np.random.default_rng(subject.texture_seed)
    canvas = Canvas(subject.skin)
    mottle = .05 * smooth_noise(rng, SHAPE, 14) + .035 * smooth_noise(
        rng, SHAPE, 110)
    canvas.image *= (1 + mottle)[..., None]
    dark = .25 * subject.skin
    _complexion(canvas, subject, marks, dark, rng)
    helix, concha = marks.ears()
    canvas.add_lines(helix, .3, .12 * subject.skin, .1)
    for hollow in concha:
        canvas.fill(hollow, 1.6 * dark, .6, .25)
    if subject.beard:
        cover = np.clip(1.6 * subject.beard - .5 + marks.bristle, .15, 1)
        for area in marks.beard_areas():
            canvas.fill(area, subject.hair * .9 + .1 * subject.skin,
                        .3 + .6 * subject.beard, .3, cover)
    _nose(canvas, view, marks, dark)
    _mouth(canvas, subject, marks)
    _eyes(canvas, subject, view, marks, dark)
    brow = subject.hair * .75 + .08 * subject.skin
    for curve in marks.brows():
        canvas.stroke(curve, subject.brow_thickness_cm, brow,
                      .5 * subject.brow_density, .1)
    canvas.hairs(marks.brow_strands, brow * .8, .85)
    return canvas


def _complexion(canvas, subject, marks, dark, rng):
    for side in (-1, 1):
        canvas.scale_spot(marks.at(side * 4, 3.2), (1.5, 1.1), _BLUSH)
    canvas.scale_spot(marks.points[30], (.9, .8), _BLUSH)
    for _ in range(int(rng.integers(0, 12))):
        spot = rng.uniform([-.9, -6], [.9, 10])
        canvas.add_spot(spot, rng.uniform(.05, .12), -.4 * subject.skin)
    lines = marks.wrinkles + marks.nasolabial_folds()
    canvas.add_lines(lines, .1, -(.1 + .4 * subject.wrinkles) *
                     subject.skin, .06)


def _nose(canvas, view, marks, dark):
    points = marks.points
    for nostril in marks.nostrils():
        canvas.fill(nostril, dark * .35, .9, .05)
    for wing in marks.nose_wings():
        canvas.stroke(wing, .14, dark * 1.8, .45, .06)
    base = points[31:36] + [0, .05]
    canvas.stroke(base, .14, dark * 1.5, .35, .06)


def _mouth(canvas, subject, marks):
    lip = subject.skin * [.62, .55, 1.0] * (
        1 - .35 * (subject.lip_redness - .5))
    canvas.fill(closed_spline(marks.points[OUTER_LIP], 4), lip, .9, .06)
    canvas.fill(closed_spline(marks.points[INNER_LIP], 4), [.03, .02, .07],
                1, .04)
    teeth = marks.teeth()
    if teeth is not None:
        canvas.fill(teeth, [.55, .66, .7], .95, .03)
        canvas.hairs(marks.tooth_gaps(), [.3, .36, .4], .6)


def _eyes(canvas, subject, view, marks, dark):
    upper, lower = marks.lashes()
    for eye in EYES:
        points = marks.points[eye]
        outline = closed_spline(points)
        centre = .5 * (points[0] + points[3])
        canvas.scale_spot(centre, (1.6, .9), .86)
        canvas.fill(outline, [.62, .66, .7], 1, .02)
        gaze = centre + [view.gaze[0] * .12, -.05 + view.gaze[1] * .4]
        canvas.disc(gaze, .62, outline, .35 * np.asarray(subject.iris))
        canvas.disc(gaze, .54, outline, subject.iris)
        canvas.disc(gaze, .24, outline, [.01, .01, .01])
        canvas.disc(gaze + [.02, -.2], .1, outline, [.95, .95, .95], .9)
    for lid, below, crease in zip(upper, lower, marks.creases()):
        canvas.stroke(lid, .17, dark * .4, .95, .02)
        canvas.stroke(below, .07, dark, .7, .02)
        canvas.stroke(crease, .12, dark * 1.6, .5, .05)
