from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class CarlVisThDataset(ThermalFaceDataset):
    """CARL and EURECOM VIS-TH: unaligned RGB-thermal pairs, 6 points.

    Points on both modalities by Kantarci and Ekenel, BIOSIG 2019. Made by
    ``mmpose-thermal convert carl_visth``.

    Arguments are those of :class:`ThermalFaceDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('carl_visth'))
