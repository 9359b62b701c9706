"""T-FAKE with its RGB partners from FaceSynthetics (70 points) to COCO json.

Every frame shows a different person; its warm and cold pictures go into the
same split.
"""
import os

import numpy as np

from ..converter_tools import (ConversionError, Face, LeaveOut, Picture,
                               split_by_subject)

POINT_SETS = {'': 'tfake'}
_THERMAL_SUFFIX = '_thermal.png'
_RIGHT_EYE, _PUPILS = slice(36, 42), slice(68, 70)


def list_tasks(root, args):
    """Lists the frames in both conditions, and those without partner or labels."""
    visible = _names(root / args.rgb)
    frames, left_out = {}, []
    for condition in ('warm', 'cold'):
        folder = getattr(args, condition)
        for name in sorted(_names(root / folder)):
            if not name.endswith(_THERMAL_SUFFIX):
                continue
            frame = name[:-len(_THERMAL_SUFFIX)]
            for needed, reason in ((f'{frame}.png', 'no RGB image'),
                                   (f'{frame}_ldmks.txt', 'no landmarks')):
                if needed not in visible:
                    left_out.append((f'{folder}/{name}', reason))
                    break
            else:
                frames.setdefault(frame, []).append((condition, folder))
    if not frames:
        raise ConversionError(
            f'{root} holds no thermal image "NNNNNN{_THERMAL_SUFFIX}" in '
            f'"{args.warm}" or "{args.cold}" with its partner in '
            f'"{args.rgb}". Set the folders with --warm, --cold and --rgb.')
    splits = split_by_subject(
        frames, int(args.val_share * len(frames)),
        int(args.test_share * len(frames)))
    tasks = [(f'{folder}/{frame}', (frame, condition, folder, args.rgb,
                                    splits[frame])) for frame in sorted(frames)
             for condition, folder in frames[frame]]
    return tasks, left_out


def _names(folder):
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def read(root, task):
    """Reads one image with its faces."""
    frame, condition, folder, rgb, split = task
    text = (root / rgb / f'{frame}_ldmks.txt').read_text('utf-8-sig')
    keypoints = np.array(text.split(), dtype=float)
    if keypoints.size != 140:
        raise LeaveOut(f'{keypoints.size / 2:g} points instead of 70')
    keypoints = keypoints.reshape(70, 2)
    # The order of the pupils is not documented: put the right one first.
    pupils = keypoints[_PUPILS]
    distance = np.linalg.norm(pupils - keypoints[_RIGHT_EYE].mean(0), axis=1)
    keypoints[_PUPILS] = pupils[distance.argsort()]
    return Picture(
        file_name=f'{folder}/{frame}{_THERMAL_SUFFIX}',
        split=split,
        faces=[Face(keypoints)],
        rgb_file_name=f'{rgb}/{frame}.png',
        # Counts of 0 and 65535 mean 20 and 40 degrees Celsius, according to the
        # authors' temperature priors; this is not documented as a calibration.
        fields=dict(
            subject_id=frame,
            condition=condition,
            temperature_scale=20 / 65535,
            temperature_offset=293.15))
