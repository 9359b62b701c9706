"""MediaPipe's FaceMesh in OpenCV."""
import cv2
import numpy as np

from .square_crops import SquareCrops
from .tflite import TfliteNetwork

# The points of the mesh that come closest to iBUG's 68.
_MESH_OF_IBUG68 = [
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323,
    454, 389,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 6, 195, 4, 98, 97, 2, 326, 327,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # lips, outer edge
    78, 81, 13, 311, 308, 402, 14, 178,  # lips, inner edge
]
IN_WHEEL = 'mediapipe/modules/face_landmark/face_landmark.tflite'
_MESH_POINTS = 468
_SIZE_PX = 192
# Its own boxes reach up to the forehead, those of 68 points to the brows.
_SHIFT = (0., -.02)


class FaceMesh:
    """MediaPipe's FaceMesh, with its probability that the crop shows a face.

    See :func:`.load_teacher` for how it is called.

    Args:
        path (str): ``face_landmark.tflite``, or the wheel of mediapipe 0.10.14,
            which need not be installed.
        crop (float): Side of the crop, in mean sides of the box.
    """

    point_set = 'ibug68'

    def __init__(self, path: str, crop: float = 1.5) -> None:
        self._network = TfliteNetwork(path, IN_WHEEL, ['conv2d_31', 'conv2d_21'])
        self._crop = crop

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        crops = SquareCrops(boxes, _SIZE_PX, self._crop, _SHIFT)
        points, scores = [], []
        for crop in crops.cut(image):
            presence, mesh = self._network(cv2.dnn.blobFromImage(crop, 1 / 255))
            points.append(mesh.reshape(_MESH_POINTS, 3)[_MESH_OF_IBUG68, :2])
            scores.append(1 / (1 + np.exp(-np.clip(presence.item(), -80, 80))))
        found = crops.to_image(np.array(points).reshape(len(boxes), -1, 2))
        return np.dstack([found, np.repeat(
            np.array(scores)[:, None], found.shape[1], 1)])
