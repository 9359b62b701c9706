from mmpose.datasets.transforms import PackPoseInputs
from mmpose.datasets.transforms.formatting import image_to_tensor
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackPairInputs(PackPoseInputs):
    """Packs a pair of images as ``inputs={'thermal': ..., 'rgb': ...}``.

    Annotations are packed as in MMPose's ``PackPoseInputs``, which is the
    transform to use for thermal images alone (testing, plain training).

    Required Keys:

    - img (list[np.ndarray]): the images
    - modalities (tuple[str]): their names
    - missing_modalities (tuple[str], optional): modalities whose image is
      missing and replaced by black; stored in the sample's metainfo

    Args:
        meta_keys (Sequence[str]): See ``PackPoseInputs``.
        pack_transformed (bool): See ``PackPoseInputs``.
    """

    def transform(self, results: dict) -> dict:
        """Packs a sample."""
        images, modalities = results['img'], results.get('modalities')
        if modalities is None:
            raise KeyError(
                f'The sample of {results.get("img_path")} has only one image. '
                'Add LoadRGBPartner to the pipeline, or pack with '
                'PackPoseInputs.')
        if 'rgb_to_thermal' in results:
            raise ValueError(
                f'The RGB partner of {results.get("img_path")} is not '
                'aligned, and no transform has aligned it. Replace '
                'TopdownAffine in the pipeline with PairTopdownAffine.')
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
