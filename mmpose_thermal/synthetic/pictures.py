"""The pictures of one person, as a specification wants them."""
from dataclasses import dataclass
from typing import Iterator, List, Optional

import cv2
import numpy as np

from .cameras import black_hot, choose_gain, expose
from .ict_head import head_maker
from .people import sample_subject
from .render import render_pair
from .scenes import in_condition, render_group, sample_rig, seen_by
from .spec import SyntheticSpec
from .views import sample_motion, sample_view

CENTIKELVIN = .01
_FRAME_NOISE_K = .05


@dataclass
class Picture:
    """One picture as it is written.

    Attributes:
        rgb (np.ndarray): BGR, (H, W, 3), uint8.
        thermal (np.ndarray, optional): (size, size), uint8.
        thermal16 (np.ndarray, optional): Centikelvin, (size, size), uint16.
        faces (list[dict]): 68 ``keypoints`` each, ``[x, y, v] * 68``, and the
            face's attributes.
    """
    rgb: np.ndarray
    thermal: Optional[np.ndarray]
    thermal16: Optional[np.ndarray]
    faces: List[dict]


def pictures_of(spec: SyntheticSpec,
                split: str,
                subject_id: int,
                pictures: int,
                ict_dir: Optional[str] = None) -> Iterator[Picture]:
    """Renders the pictures of one person.

    Args:
        spec (SyntheticSpec): What to render.
        split (str): 'train', 'val', 'test', or 'extra' without thermal image.
        subject_id (int): Who.
        pictures (int): How many.
        ict_dir (str, optional): Where the shapes of ``spec.head == 'ict'``
            are: a checkout or git directory of ICT-VGL/ICT-FaceKit.

    Yields:
        Picture: One after the other.
    """
    # One rig a person, as of one visit to the laboratory.
    rig = sample_rig(
        np.random.default_rng([spec.seed, subject_id, 10**6]),
        spec.size) if spec.unaligned else None
    make_head = head_maker(spec.head, ict_dir)
    for pairs, rng in _rendered(spec, split, subject_id, pictures, make_head):
        faces = [
            dict(
                keypoints=_listed(pair.keypoints, pair.visible),
                **pair.attributes) for pair in pairs
        ]
        first = pairs[0]
        rgb = first.rgb
        if rig is not None:
            for face, pair in zip(faces, pairs):
                rgb, points = seen_by(rig[0], rig[1], pair)
                face['rgb_keypoints'] = _listed(points, pair.visible)
        picture = Picture(rgb, None, None, faces)
        if first.temperature_k is not None:
            gain = choose_gain(rng, first.sensor, len(pairs))
            picture.thermal = expose(
                first.temperature_k, np.any([p.person for p in pairs], 0),
                first.keypoints, first.sensor, gain, rng)
            inverted = black_hot(rng, spec.difficulty)
            if inverted:
                picture.thermal = 255 - picture.thermal
            for face in faces:
                face.update(
                    sensor=first.sensor, gain=gain, black_hot=inverted)
            picture.thermal16 = np.rint(
                first.temperature_k / CENTIKELVIN).astype(np.uint16)
        if spec.misaligned_px:
            _misalign(picture, spec, subject_id)
        yield picture


def _misalign(picture, spec, subject_id):
    """Shifts the RGB image and its points, in the person's direction."""
    rng = np.random.default_rng([spec.seed, subject_id, 10**6 + 1])
    angle = rng.uniform(0, 2 * np.pi)
    shift = spec.misaligned_px * np.array([np.cos(angle), np.sin(angle)])
    picture.rgb = cv2.warpAffine(
        picture.rgb,
        np.column_stack([np.eye(2), shift]),
        picture.rgb.shape[1::-1],
        borderMode=cv2.BORDER_REPLICATE)
    for face in picture.faces:
        points = np.reshape(face['keypoints'], (-1, 3))
        face['rgb_keypoints'] = (
            points + [*shift, 0]).round(3).ravel().tolist()


def _rendered(spec, split, subject_id, pictures, make_head):
    """Yields pairs and the generator of each picture of a person."""
    def person(*key):
        return in_condition(
            sample_subject(np.random.default_rng([spec.seed, *key])),
            spec.condition)

    subject = person(subject_id)
    if spec.sequence:
        motion = sample_motion(
            np.random.default_rng([spec.seed, subject_id, 0]), subject,
            pictures, spec.max_yaw_deg, spec.difficulty)
    for index in range(pictures):
        key = [spec.seed, subject_id, index + 1]
        rng = np.random.default_rng(key)
        if spec.sequence:
            # One moment's light and background for all; noise of its own.
            pair = render_pair(
                subject, motion[index],
                np.random.default_rng([spec.seed, subject_id, 1]), spec.size,
                split != 'extra', spec.difficulty, make_head)
            if pair.temperature_k is not None:
                pair.temperature_k += _FRAME_NOISE_K * rng.standard_normal(
                    pair.temperature_k.shape, dtype=np.float32)
            yield [pair], np.random.default_rng([spec.seed, subject_id, 2])
            continue
        view = sample_view(rng, subject, spec.max_yaw_deg, spec.difficulty)
        if spec.faces == 1:
            pair = render_pair(subject, view, rng, spec.size,
                               split != 'extra', spec.difficulty, make_head)
            yield [pair], rng
            continue
        others = [
            person(subject_id, index + 1, number)
            for number in range(rng.integers(spec.faces))
        ]
        people = [(subject, view)] + [
            (other,
             sample_view(rng, other, spec.max_yaw_deg, spec.difficulty))
            for other in others
        ]
        yield render_group(people, rng, spec.size, spec.difficulty,
                           make_head), rng


def _listed(points, visible):
    return np.column_stack([points.round(3), 1 + visible]).ravel().tolist()
