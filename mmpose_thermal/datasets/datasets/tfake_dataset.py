from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class TFakeDataset(ThermalFaceDataset):
    """T-FAKE: synthetic thermal faces in two conditions, 70 points.

    Flotho et al., "T-FAKE: Synthesizing Thermal Images for Facial
    Landmarking", CVPR 2025; the RGB partners are Microsoft's FaceSynthetics,
    aligned to the pixel. Made by ``mmpose-thermal convert tfake``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('tfake'))
