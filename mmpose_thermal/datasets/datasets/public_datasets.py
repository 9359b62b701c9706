"""The public data sets; they take the arguments of :class:`ThermalFaceDataset`."""
from mmpose.registry import DATASETS

from ..point_sets import metainfo_file
from .thermal_face_dataset import ThermalFaceDataset


@DATASETS.register_module()
class CarlVisThDataset(ThermalFaceDataset):
    """CARL and EURECOM VIS-TH: unaligned RGB-thermal pairs, 6 points.

    Both modalities were labelled by Kantarci and Ekenel, BIOSIG 2019. Convert
    with ``tools/dataset_converters/carl_visth2coco.py``.
    """

    METAINFO: dict = dict(from_file=metainfo_file('carl_visth'))


@DATASETS.register_module()
class CharlotteDataset(ThermalFaceDataset):
    """Charlotte-ThermalFace, front views: radiometric, 72 points.

    Ashrafi et al., "Charlotte-ThermalFace", Infrared Physics & Technology
    2022. The first 68 points are iBUG's. Convert with
    ``tools/dataset_converters/charlotte2coco.py``.
    """

    METAINFO: dict = dict(from_file=metainfo_file('charlotte'))


@DATASETS.register_module()
class CharlotteProfileDataset(ThermalFaceDataset):
    """Charlotte-ThermalFace, profile views: radiometric, 43 points.

    The order of the points is not documented, so there is no mirroring and no
    eye distance. Source and converter are the same as for
    :class:`CharlotteDataset`.
    """

    METAINFO: dict = dict(from_file=metainfo_file('charlotte_profile'))


@DATASETS.register_module()
class RWTHDataset(ThermalFaceDataset):
    """RWTH-Aachen thermal faces: 2,935 images of 90 people, 68 points.

    Kopaczka et al., "A Thermal Infrared Face Database With Facial Landmarks
    and Emotion Labels", TIM 2019. No RGB. Convert with
    ``tools/dataset_converters/rwth2coco.py``.
    """

    METAINFO: dict = dict(from_file=metainfo_file('rwth'))


@DATASETS.register_module()
class SFTL54Dataset(ThermalFaceDataset):
    """SF-TL54: 2,556 thermal faces of 142 people with RGB partners, 54 points.

    Kuzdeuov et al., "SF-TL54: A Thermal Facial Landmark Dataset with Visual
    Pairs", SII 2022. RGB was warped to the thermal grid and is nearly aligned.
    Convert with ``tools/dataset_converters/sftl542coco.py``.
    """

    METAINFO: dict = dict(from_file=metainfo_file('sftl54'))


@DATASETS.register_module()
class TFakeDataset(ThermalFaceDataset):
    """T-FAKE: synthetic thermal faces in two conditions, 70 points.

    Flotho et al., "T-FAKE: Synthesizing Thermal Images for Facial
    Landmarking", CVPR 2025; the RGB partners are Microsoft's FaceSynthetics,
    pixel-aligned. Convert with ``tools/dataset_converters/tfake2coco.py``.
    """

    METAINFO: dict = dict(from_file=metainfo_file('tfake'))


@DATASETS.register_module()
class TFWDataset(ThermalFaceDataset):
    """TFW: thermal faces in the wild, several per image, 5 points.

    Kuzdeuov et al., "TFW: Annotated Thermal Faces in the Wild Dataset", TIFS
    2022. Convert with ``tools/dataset_converters/tfw2coco.py``.
    """

    METAINFO: dict = dict(from_file=metainfo_file('tfw'))
