"""Turns trained models into networks from uint8 images to coordinates."""
import os.path as osp
from inspect import isclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn as nn
from mmpose.registry import MODELS
from torch import Tensor

from mmpose_thermal.checkpoints import load_checkpoint, unlike_weights
from mmpose_thermal.config_files import read_config
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage
from mmpose_thermal.engine.student import student_config
from mmpose_thermal.runtime.networks import ModelInfo
from .decoding import build_decoder, decoded_outputs

#: A checkpoint ``NAME.pth`` with its config ``NAME.py`` next to it, or a pair
#: (config, checkpoint).
Trained = Union[str, Tuple[str, str]]

# Transforms that the runtime implements, by task.
_KNOWN = dict(
    landmarks=('LoadThermalImage', 'LoadImage', 'GetBBoxCenterScale',
               'TopdownAffine', 'PackPoseInputs', 'PackPairInputs'),
    detection=('LoadThermalImage', 'LoadImageFromFile', 'Resize', 'Pad',
               'LoadAnnotations', 'PackDetInputs'))
_MAX_BOXES = 400  # before non-maximum suppression


def load_model(model: Trained, task: str = 'landmarks') -> nn.Module:
    """Loads a trained MMPose or MMDetection model on the CPU.

    Args:
        model (str | tuple[str, str]): ``NAME.pth`` with ``NAME.py`` next to
            it, as written by training; or (config, checkpoint). With the
            config of a distillation run, the student is loaded.
        task (str): ``'landmarks'`` or ``'detection'``.

    Returns:
        nn.Module: Model with attributes ``cfg`` and ``dataset_meta``.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: The checkpoint belongs to another model, is damaged, or
            holds more than weights.
    """
    config, checkpoint = (osp.splitext(model)[0] + '.py',
                          model) if isinstance(model, str) else map(
                              str, model)
    for path, role in ((checkpoint, 'checkpoint'), (config, 'config')):
        if not osp.isfile(path):
            raise FileNotFoundError(
                f'The {role} {path} does not exist.' +
                (' Give config and checkpoint as a pair, or a checkpoint '
                 'written by tools/misc/extract_student.py together with its '
                 'config.' if role == 'config' else ''))
    if task == 'detection':
        from mmdet.apis import init_detector as init
        parsed = read_config(config, 'model')
    else:
        from mmpose.apis import init_model as init
        parsed = student_config(read_config(config, 'model'))
        kind = parsed.model.get('type')
        if isinstance(kind, str) and MODELS.get(kind) is None:
            raise ValueError(f'{config}: model.type {kind!r} is not registered.')
        if 'test_dataloader' in parsed:  # MMPose reads the names of points here
            parsed.train_dataloader = parsed.test_dataloader
    content = load_checkpoint(checkpoint)  # refuses code before init loads it
    loaded = init(parsed, checkpoint, device='cpu')
    _require_weights(loaded, content, checkpoint, config)
    return loaded


def _require_weights(model, content, checkpoint, config):
    """Refuses partial loading, which MMEngine would accept."""
    unlike = unlike_weights(model.state_dict(),
                            content.get('state_dict', content))
    if unlike:
        raise ValueError(
            f'{checkpoint} does not hold the model of {config}: '
            f'{len(unlike)} weights are missing or of another shape, first '
            f'"{unlike[0]}". Give the config that it was trained with. For a '
            'distillation run, use student_best.pth or run '
            'tools/misc/extract_student.py.')


def _transforms(cfg, task) -> Dict[str, dict]:
    """Transforms of the test pipeline, by type without scope."""
    found = {}
    for transform in cfg.test_dataloader.dataset.pipeline:
        kind = transform['type']
        name = kind.__name__ if isclass(kind) else kind.split('.')[-1]
        if name not in _KNOWN[task]:
            raise NotImplementedError(
                f'The test pipeline has the transform {name}, which exported '
                f'models do not support. Supported: {", ".join(_KNOWN[task])}.')
        found[name] = {k: v for k, v in transform.items() if k != 'type'}
    return found


def describe(model: nn.Module, task: str = 'landmarks') -> ModelInfo:
    """Describes a model for use outside MMPose.

    Args:
        model (nn.Module): Returned by :func:`load_model`.
        task (str): ``'landmarks'`` or ``'detection'``.

    Returns:
        ModelInfo: The description.

    Raises:
        NotImplementedError: The test pipeline has a transform that exported
            models do not support.
    """
    transforms = _transforms(model.cfg, task)
    thermal = transforms.get('LoadThermalImage')
    common: Dict[str, Any] = dict(
        channels=3 if thermal is None else 1,
        gain={} if thermal is None else dict(LoadThermalImage(**thermal).gain))
    if task == 'detection':
        nms = model.test_cfg.get('nms', dict(iou_threshold=.6))
        return ModelInfo(
            task,
            input_size=tuple(transforms['Resize']['scale']),
            outputs=['boxes', 'scores'],
            nms_iou=float(nms['iou_threshold']),
            **common)
    affine = transforms['TopdownAffine']
    meta, count = model.dataset_meta, _num_keypoints(model)
    if meta.get('num_keypoints') != count:
        # Neither checkpoint nor config has the point names.
        meta = {}
    names = meta.get('keypoint_id2name', {})
    return ModelInfo(
        task,
        input_size=(int(affine['input_size'][0]),
                    int(affine['input_size'][1])),
        outputs=decoded_outputs(model.head.decoder),
        padding=float(transforms['GetBBoxCenterScale'].get('padding', 1.25)),
        use_udp=bool(affine.get('use_udp', False)),
        keypoints=[str(names.get(i, f'point_{i}')) for i in range(count)],
        colours=_listed(meta.get('keypoint_colors', [[0, 200, 0]] * count)),
        links=_listed(meta.get('skeleton_links', [])),
        link_colours=_listed(meta.get('skeleton_link_colors', [])),
        regions={
            name: _listed(indices)
            for name, indices in meta.get('regions', {}).items()
        },
        **common)


def _listed(values) -> List:
    return np.asarray(values).astype(int).tolist()


def _num_keypoints(model) -> int:
    head = model.head
    return int(
        getattr(head, 'out_channels', None) or getattr(head, 'num_joints'))


class DeployedNetwork(nn.Module):
    """A model with built-in normalisation and, optionally, decoding.

    Args:
        model (nn.Module): Returned by :func:`load_model`.
        decode (nn.Module, optional): Decodes the model's outputs
            (:func:`build_decoder`, :class:`DetectionDecoder`).
    """

    def __init__(self,
                 model: nn.Module,
                 decode: Optional[nn.Module] = None) -> None:
        super().__init__()
        self.model = model
        own = model.data_preprocessor
        self.swap = bool(getattr(own, '_channel_conversion', False))
        for name, default in (('mean', 0.), ('std', 1.)):
            value = getattr(own, name, torch.tensor([default]))
            self.register_buffer(name, value.float().view(1, -1, 1, 1).clone())
        self.decode = decode

    def forward(self, image: Tensor) -> Tuple[Tensor, ...]:
        """Runs on images (N, 1 or 3, H, W), uint8; three channels are BGR."""
        outputs = self.outputs(image)
        if self.decode is None:
            return outputs
        # Coordinates need float32 even if the network runs in float16.
        return self.decode(*(output.float() for output in outputs))

    def outputs(self, image: Tensor) -> Tuple[Tensor, ...]:
        """What the model returns before decoding."""
        image = image.to(self.mean.dtype)
        if self.swap and image.shape[1] == 3:
            image = image.flip(1)
        # Broadcasting expands one channel to the number of means.
        return _flat(
            self.model(
                (image - self.mean) / self.std, None, mode='tensor'))


def _flat(outputs) -> Tuple[Tensor, ...]:
    """Flattens nested tuples of tensors."""
    if isinstance(outputs, Tensor):
        return (outputs, )
    return sum((_flat(output) for output in outputs), ())


class DetectionDecoder(nn.Module):
    """Decodes an ``RTMDetHead`` to boxes and scores, best first."""

    def __init__(self, model: nn.Module, input_size: Tuple[int, int]) -> None:
        from mmdet.models.dense_heads import RTMDetHead
        super().__init__()
        head = getattr(model, 'bbox_head', None)
        if not isinstance(head, RTMDetHead):
            raise NotImplementedError(
                f'{type(head).__name__} cannot be exported as a face '
                'detector: it must be an RTMDetHead.')
        width, height = input_size
        with torch.no_grad():
            levels, _ = model(torch.zeros(1, 3, height, width), mode='tensor')
        priors = head.prior_generator.grid_priors(
            [level.shape[2:] for level in levels], device='cpu')
        self.register_buffer('priors', torch.cat(priors)[None])

    def forward(self, *levels: Tensor) -> Tuple[Tensor, Tensor]:
        """Decodes all levels; overlapping boxes are not suppressed.

        Args:
            *levels (Tensor): Class logits (N, C, h, w) of every level, then
                distances (N, 4, h, w) of every level.

        Returns:
            tuple[Tensor, Tensor]: Boxes (N, M, 4) and scores (N, M).
        """
        half = len(levels) // 2
        scores, sides = (
            torch.cat([level.flatten(2) for level in part], 2)
            for part in (levels[:half], levels[half:]))
        scores, sides = scores.sigmoid().amax(1), sides.transpose(1, 2)
        boxes = torch.cat(
            [self.priors - sides[..., :2], self.priors + sides[..., 2:]], 2)
        scores, best = scores.topk(min(_MAX_BOXES, self.priors.shape[1]), 1)
        return boxes.gather(1, best[..., None].expand(-1, -1, 4)), scores


def deploy(model: nn.Module, info: ModelInfo) -> DeployedNetwork:
    """Wraps a loaded model as a network with decoding, in eval mode."""
    decode = DetectionDecoder(
        model, info.input_size) if info.task == 'detection' else \
        build_decoder(model.head.decoder)
    return DeployedNetwork(model, decode).eval()


class TorchNetwork:
    """Like ``OnnxNetwork``, for a trained model (:func:`load_model`)."""

    def __init__(self,
                 model: Trained,
                 task: str = 'landmarks',
                 device: str = 'cpu') -> None:
        loaded = load_model(model, task)
        self.info = describe(loaded, task)
        self._device = torch.device(device)
        self._network = deploy(loaded, self.info).to(self._device)

    @torch.inference_mode()
    def __call__(self, images: np.ndarray) -> Sequence[np.ndarray]:
        """Returns the outputs for images (N, C, H, W), uint8."""
        outputs = self._network(torch.from_numpy(images).to(self._device))
        return [output.cpu().numpy() for output in outputs]
