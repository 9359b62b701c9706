from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class RWTHDataset(ThermalFaceDataset):
    """RWTH-Aachen thermal faces: 2,935 images of 90 people, 68 points.

    Kopaczka et al., "A Thermal Infrared Face Database With Facial Landmarks
    and Emotion Labels", TIM 2019. No RGB. Made by
    ``mmpose-thermal convert rwth``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('rwth'))
