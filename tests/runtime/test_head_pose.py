"""The head's rotation, from its landmarks."""
import cv2
import numpy as np
import pytest

from mmpose_thermal.runtime import FaceLandmarks
from mmpose_thermal.runtime.head_pose import (MEAN_FACE_MM, HeadPose,
                                              head_pose)

NAMES = [*MEAN_FACE_MM]


def seen(yaw=0., pitch=0., roll=0., distance_mm=1000., scale=1.,
         face=MEAN_FACE_MM):
    """Landmarks of a rotated face: x right, y down, z away."""
    points = np.array([*face.values()], float) * [1, 1, -1]
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(roll), -np.sin(roll), 0],
                     [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turn = turn @ [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0],
                   [-np.sin(yaw), 0, np.cos(yaw)]]
    turn = turn @ [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)],
                   [0, np.sin(pitch), np.cos(pitch)]]
    points = points @ turn.T
    return scale * points[:, :2] / (
        1 - points[:, 2:] / distance_mm) + [200, 100]


@pytest.mark.parametrize('angles', [
    (0, 0, 0), (30, 0, 0), (-50, 0, 0), (0, 20, 0), (0, -15, 0), (0, 0, 40),
    (35, 10, -20), (-25, -10, 15)])
@pytest.mark.parametrize('distance_mm', [700, 3000])
def test_angles_are_found(angles, distance_mm):
    points = seen(*angles, distance_mm)
    pose = head_pose(points, NAMES)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(
        angles, abs=6)
    # Neither size nor place matters.
    again = head_pose(.3 * points + 50, NAMES)
    assert again.yaw_deg == pytest.approx(pose.yaw_deg, abs=.1)


def test_the_pose_of_a_face_is_that_of_its_present_points():
    """A tracker that smooths points smooths the pose, too."""
    face = FaceLandmarks(seen(30), np.ones(len(NAMES)), np.zeros(4), names=NAMES)
    assert face.head_pose == head_pose(seen(30), NAMES)
    face.keypoints = seen(-20)
    assert face.to_dict()['head_pose']['yaw_deg'] == pytest.approx(-20, abs=6)
    face.names = ()
    assert face.head_pose is None and 'head_pose' not in face.to_dict()


def test_signs_are_as_stated():
    nose = NAMES.index('nose_tip')
    straight = seen()[nose]
    assert seen(yaw=20)[nose, 0] > straight[0]  # to the image's right
    assert seen(pitch=20)[nose, 1] < straight[1]  # up
    eyes = seen(roll=20)[[NAMES.index('right_eye_outer'),
                          NAMES.index('left_eye_outer')]]
    assert eyes[1, 1] > eyes[0, 1]  # clockwise


@pytest.mark.parametrize('angles', [
    (40, 0, 0), (0, 20, 0), (0, -20, 30), (30, 10, 90), (-35, 15, -20)])
def test_the_direction_is_that_of_the_nose(angles):
    """Seen from afar: from the base of the nose to where it would be flat."""
    flat = {**MEAN_FACE_MM, 'nose_tip': (*MEAN_FACE_MM['nose_tip'][:2], 0)}
    nose = NAMES.index('nose_tip')
    tip = seen(*angles, 1e6)[nose] - seen(*angles, 1e6, face=flat)[nose]
    assert HeadPose(*angles).direction * 110.9 == pytest.approx(tip, abs=.1)
    assert HeadPose(90., 0, 0).direction == pytest.approx([1, 0])


def test_too_few_landmarks_have_no_pose():
    assert head_pose(np.ones((5, 2)), ['nose_tip', 'chin', 'a', 'b', 'c']) \
        is None
    assert head_pose(np.zeros((len(NAMES), 2)), NAMES) is None
    assert head_pose(np.full((len(NAMES), 2), np.nan), NAMES) is None


def test_the_mean_face_is_that_of_the_rendered_heads():
    from dataclasses import replace

    from mmpose_thermal.synthetic.head import Head
    from mmpose_thermal.synthetic.people import sample_subject
    from mmpose_thermal.synthetic.views import sample_view
    points = []
    for person in range(40):
        rng = np.random.default_rng([5, person])
        subject = sample_subject(rng)
        view = replace(sample_view(rng, subject, 0, 0.), yaw=0., pitch=0.,
                       roll=0.)
        points.append(Head(subject, view).landmarks())
    mean = np.mean(points, 0) * [10, 10, -10]
    from mmpose_thermal.datasets.point_sets import (keypoint_names,
                                                    load_metainfo)
    names = keypoint_names(load_metainfo(dict(from_file='ibug68')))
    ours = np.array([MEAN_FACE_MM[name] for name in names
                     if name in MEAN_FACE_MM])
    mean = mean[[name in MEAN_FACE_MM for name in names]]
    assert len(ours) == len(NAMES) == 36
    assert np.abs(ours - mean).max() < 3


def test_opencv_projects_what_we_do():
    """The helper above is the pinhole camera that PnP inverts."""
    face = np.array([*MEAN_FACE_MM.values()], float)
    pixels, _ = cv2.projectPoints(
        face, np.zeros(3), np.array([0., 0, 1000]),
        np.diag([1000., 1000, 1]), None)
    assert pixels[:, 0] + [200, 100] == pytest.approx(seen(), abs=1e-6)
