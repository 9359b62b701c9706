from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class TFWDataset(ThermalFaceDataset):
    """TFW: thermal faces in the wild, several in an image, 5 points.

    Kuzdeuov et al., "TFW: Annotated Thermal Faces in the Wild Dataset", TIFS
    2022. Made by ``mmpose-thermal convert tfw``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('tfw'))
