from mmpose.datasets.transforms import KeypointConverter
from mmpose.registry import TRANSFORMS

from ..point_sets import keypoint_mapping, load_metainfo


@TRANSFORMS.register_module()
class PointSetConverter(KeypointConverter):
    """Converts landmarks from one point set to another, given their names.

    For example, converts WFLW's 98 points to SF-TL54's 54 to train the RGB
    teacher. Points that the source lacks get no weight. Put it directly after
    loading, since mirroring uses the new point set.

    Required Keys:

    - keypoints, keypoints_visible

    Modified Keys:

    - keypoints, keypoints_visible
    - flip_indices: from the target set

    Args:
        source (str): Point set of the data, such as ``'wflw'`` or ``'300w'``.
        target (str): Point set to convert to, such as ``'sftl54'``.
    """

    def __init__(self, source: str, target: str) -> None:
        metainfo = load_metainfo(dict(from_file=target))
        super().__init__(metainfo['num_keypoints'],
                         keypoint_mapping(source, target))
        self.source, self.target = source, target
        self.flip_indices = metainfo['flip_indices']

    def transform(self, results: dict) -> dict:
        """Converts the labels of a sample."""
        # MMPose would mirror the new points with the old set's pairs.
        results.pop('flip_indices', None)
        results = super().transform(results)
        # MMPose appends weights of missing points to the visibility; dropping
        # them is safe, since missing points are not visible.
        results['keypoints_visible'] = results['keypoints_visible'][..., 0]
        results['flip_indices'] = list(self.flip_indices)
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(source={self.source!r}, '
                f'target={self.target!r})')
