from mmpose.datasets.transforms import PackPoseInputs
from mmpose.datasets.transforms.formatting import image_to_tensor
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackPairInputs(PackPoseInputs):
    """Packs a pair of images as ``inputs={'thermal': ..., 'rgb': ...}``.

    Annotations are packed as MMPose's ``PackPoseInputs`` does. For thermal
    images alone (testing, plain training) use ``PackPoseInputs`` itself.

    Required Keys:

    - img (list[np.ndarray]): the images
    - modalities (tuple[str]): their names

    Args:
        meta_keys (Sequence[str]): See ``PackPoseInputs``.
        pack_transformed (bool): See ``PackPoseInputs``.
    """

    def transform(self, results: dict) -> dict:
        """Packs a sample.

        Args:
            results (dict): The sample with its pair of images.

        Returns:
            dict: ``inputs``, a dict of (3, H, W) uint8 tensors by modality,
            and ``data_samples``, a ``PoseDataSample``.
        """
        images, modalities = results['img'], results.get('modalities')
        if modalities is None:
            raise KeyError(
                f'The sample of {results.get("img_path")} has one image only. '
                'Put LoadRGBPartner into the pipeline, or pack with '
                'PackPoseInputs.')
        packed = super().transform({**results, 'img': images[0]})
        packed['inputs'] = {
            modality: image_to_tensor(image)
            for modality, image in zip(modalities, images)
        }
        return packed
