from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class CharlotteDataset(ThermalFaceDataset):
    """Charlotte-ThermalFace, front views: radiometric, 72 points.

    Ashrafi et al., "Charlotte-ThermalFace", Infrared Physics & Technology
    2022. The first 68 points are iBUG's. Made by
    ``mmpose-thermal convert charlotte``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('charlotte'))
