from mmpose.datasets.transforms import KeypointConverter
from mmpose.registry import TRANSFORMS

from ..point_sets import keypoint_mapping, load_metainfo


@TRANSFORMS.register_module()
class PointSetConverter(KeypointConverter):
    """MMPose's ``KeypointConverter`` by the names of two point sets.

    Turns the labels of one data set into those of another, such as WFLW's 98
    points into SF-TL54's 54 to train the RGB teacher. Points that the source
    lacks get no weight. Put it directly after loading: mirroring follows
    the new set from here on.

    Required Keys:

    - keypoints, keypoints_visible

    Modified Keys:

    - keypoints, keypoints_visible
    - flip_indices: of the new set

    Args:
        source (str): Metainfo name of the data set that is read, such as
            ``'wflw'`` or ``'300w'``.
        target (str): That of the data set to look like, such as ``'sftl54'``.
    """

    def __init__(self, source: str, target: str) -> None:
        metainfo = load_metainfo(dict(from_file=target))
        super().__init__(metainfo['num_keypoints'],
                         keypoint_mapping(source, target))
        self.source, self.target = source, target
        self.flip_indices = metainfo['flip_indices']

    def transform(self, results: dict) -> dict:
        """Converts the labels of a sample."""
        # MMPose would mirror the new points by the old set's pairs.
        results.pop('flip_indices', None)
        results = super().transform(results)
        # MMPose keeps weights for points that the source lacks beside their
        # visibility; a face's unlabelled point is simply not visible.
        results['keypoints_visible'] = results['keypoints_visible'][..., 0]
        results['flip_indices'] = list(self.flip_indices)
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(source={self.source!r}, '
                f'target={self.target!r})')
