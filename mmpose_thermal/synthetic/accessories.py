"""What stands before the face: glasses, the visor of a cap, a hand."""
import cv2
import numpy as np

from .curves import at_points

_SHIFT = 4


def _filled(shape, polygons):
    """Coverage of polygons in [0, 1], (H, W), float32."""
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        one = np.zeros_like(mask)
        cv2.fillPoly(one, [np.round(polygon * 2**_SHIFT).astype(np.int32)],
                     255, cv2.LINE_AA, _SHIFT)
        np.maximum(mask, one, out=mask)
    return mask.astype(np.float32) / 255


class Glasses:
    """Two rims, a bridge and temples in front of the face.

    Args:
        scene (Scene): The face.
        rng (np.random.Generator): Which model.
    """

    def __init__(self, scene, rng):
        plane = scene.head.plane
        large = 1.15 if scene.view.sunglasses else 1.
        half = np.array([rng.uniform(2.2, 2.9), rng.uniform(1.5, 2.2)]) * large
        # From round to rectangular; aviators hang down at the outside.
        squareness, droop = rng.uniform(.45, 1.), rng.uniform(-.1, .45)
        self.thickness_cm = rng.uniform(.08, .28)
        eyes = [plane[36:42].mean(0), plane[42:48].mean(0)]
        lift = rng.uniform(-.1, .6)
        front = scene.head.surface(
            np.zeros(1), np.array([plane[27, 1] + .3]))[0, 2] + .35
        lenses, wires = [], []
        for x, eye in zip((-1, 1), eyes):
            rim = self._rim(eye + [x * .15, lift], half, squareness, droop, x,
                            front)
            lenses.append(rim)
            hinge = rim[0 if x > 0 else 16]
            ear = np.array([x * 7.8 * scene.subject.head_width, -.6, .2])
            mix = np.linspace(0, 1, 14)[:, None]
            wires.append(hinge * (1 - mix) + ear * mix)
        mix = np.linspace(0, 1, 8)[:, None]
        bridge = lenses[0][0] * (1 - mix) + lenses[1][16] * mix
        self.scene = scene
        self.lenses = [scene.project(rim) for rim in lenses]
        self.wires = self.lenses + [
            scene.project(wire) for wire in wires + [bridge]]

    @staticmethod
    def _rim(centre, half, squareness, droop, side, front):
        angle = np.linspace(0, 2 * np.pi, 33)
        cosine, sine = (np.sign(f) * np.abs(f)**squareness
                        for f in (np.cos(angle), np.sin(angle)))
        x = centre[0] + half[0] * cosine
        outer = np.clip(side * cosine, 0, 1)
        y = centre[1] + half[1] * sine * (1 + droop * outer *
                                          (sine > 0)) - .25 * outer
        return np.stack([x, y, front - .05 * x**2], 1)

    def lens_mask(self):
        """Coverage of both lenses in [0, 1], (H, W), float32."""
        raster = self.scene.raster
        masks = [np.zeros(raster.depth.shape, np.float32)]
        for pixels, depth in self.lenses:
            one = _filled(raster.depth.shape, [pixels])
            one[raster.depth < depth.mean() - 1.2] = 0
            masks.append(one)
        return np.max(masks, 0)

    def frame_mask(self, thickness_cm=None):
        """Coverage of the frame in [0, 1], (H, W), float32."""
        mask = np.zeros(self.scene.raster.depth.shape, np.uint8)
        camera = self.scene.camera
        thickness = (thickness_cm or self.thickness_cm
                     ) * camera.focal_px / camera.distance_cm
        segments = []
        for pixels, depth in self.wires:
            seen = self._seen(pixels, depth)
            both = seen[1:] & seen[:-1]
            segments.append(np.stack([pixels[:-1], pixels[1:]], 1)[both])
        segments = np.concatenate(segments)
        cv2.polylines(
            mask, list(np.round(segments * 2**_SHIFT).astype(np.int32)),
            False, 255, max(1, round(thickness)), cv2.LINE_AA, _SHIFT)
        return mask.astype(np.float32) / 255

    def _seen(self, pixels, depth):
        return depth <= at_points(self.scene.raster.depth, pixels) + .3


def visor_mask(scene, rng):
    """Coverage of a cap's visor in [0, 1], (H, W), float32."""
    layer = next(c.layer for c in scene.coverings if c.layer.kind == 'cap')
    theta = np.radians(np.linspace(-58, 58, 15))
    # Where the cap's border crosses these azimuths.
    heights = np.linspace(-7, 0, 60)
    inside = layer.distance(theta[:, None], heights[None], np.full(
        (15, 60), .5))
    y = heights[np.abs(inside).argmin(1)]
    inner = scene.head.surface(theta, y - .3)
    reach = rng.uniform(4, 7) * np.cos(np.linspace(-1.45, 1.45, 15))
    outer = inner + np.stack([.1 * inner[:, 0], .32 * reach,
                              .94 * reach], 1) + [0, .3, .5]
    inner = inner + [0, 0, .5]
    return _filled(scene.raster.depth.shape, [
        scene.project(np.concatenate([inner, outer[::-1]]))[0]])


def hand_mask(scene, rng):
    """Coverage and height of a hand before the face, each (H, W), float32."""
    size, points = scene.size, scene.keypoints
    palm = np.ptp(points, axis=0).max() * rng.uniform(.16, .22)
    angle = rng.uniform(.15, np.pi - .15)
    arm = np.array([np.cos(angle), np.sin(angle)])
    side = np.array([-arm[1], arm[0]])
    tip = points[rng.choice([8, 3, 13, 30, 57])] + rng.normal(0, .2, 2) * palm
    wrist = tip + arm * palm
    mask = np.zeros((size, size), np.uint8)

    def bar(start, end, width):
        line = np.round(np.stack([start, end]) * 2**_SHIFT).astype(np.int32)
        cv2.polylines(mask, [line], False, 255, max(1, round(width)),
                      cv2.LINE_AA, _SHIFT)

    for place, length in zip((-1.5, -.5, .5, 1.5), (.85, 1, .95, .75)):
        base = wrist + side * palm * place * .5 - arm * palm * .5
        bar(base, base - arm * palm * rng.uniform(1., 1.4) * length +
            side * palm * place * rng.uniform(0, .25), palm * .42)
    bar(wrist, wrist + (side - arm) * palm * .9, palm * .42)
    bar(wrist, wrist + arm * .01, palm * 1.96)
    bar(wrist, wrist + arm * size, palm * 1.25)
    height = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2,
                                   3) / (palm * .45)
    return mask.astype(np.float32) / 255, np.clip(height, 0, 1)
