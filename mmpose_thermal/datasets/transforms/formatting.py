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
    - missing_modalities (tuple[str], optional): those whose image is missing
      and black; goes to the sample's metainfo

    Args:
        meta_keys (Sequence[str]): See ``PackPoseInputs``.
        pack_transformed (bool): See ``PackPoseInputs``.
    """

    def transform(self, results: dict) -> dict:
        """Packs a sample."""
        images, modalities = results['img'], results.get('modalities')
        if modalities is None:
            raise KeyError(
                f'The sample of {results.get("img_path")} has one image only. '
                'Put LoadRGBPartner into the pipeline, or pack with '
                'PackPoseInputs.')
        if 'rgb_to_thermal' in results:
            raise ValueError(
                f'The RGB partner of {results.get("img_path")} is not '
                'aligned, and no transform has aligned it: replace '
                'TopdownAffine in the pipeline by PairTopdownAffine.')
        packed = super().transform({**results, 'img': images[0]})
        missing = results.get('missing_modalities')
        if missing:
            packed['data_samples'].set_metainfo(
                dict(missing_modalities=missing))
        packed['inputs'] = {
            modality: image_to_tensor(image)
            for modality, image in zip(modalities, images)
        }
        return packed
