"""Trained models as networks of uint8 images in and coordinates out."""
import os.path as osp
from inspect import isclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn as nn
from mmengine.config import Config
from torch import Tensor

from mmpose_thermal.checkpoints import load_checkpoint
from mmpose_thermal.datasets.transforms.loading import LoadThermalImage
from mmpose_thermal.engine.student import student_config
from mmpose_thermal.runtime.networks import ModelInfo
from .decoding import build_decoder

#: A checkpoint with its config beside it (``NAME.pth``, ``NAME.py``), or
#: both, config first.
Trained = Union[str, Tuple[str, str]]

# The transforms that the runtime knows, by task.
_KNOWN = dict(
    landmarks=('LoadThermalImage', 'LoadImage', 'GetBBoxCenterScale',
               'TopdownAffine', 'PackPoseInputs', 'PackPairInputs'),
    detection=('LoadThermalImage', 'LoadImageFromFile', 'Resize', 'Pad',
               'LoadAnnotations', 'PackDetInputs'))
_MAX_BOXES = 400  # before overlapping ones are suppressed


def load_model(model: Trained, task: str = 'landmarks') -> nn.Module:
    """Loads a trained model on the CPU, as MMPose or MMDetection does.

    Args:
        model (str | tuple[str, str]): ``NAME.pth`` with ``NAME.py`` beside it,
            as training leaves them; or config and checkpoint. Of a
            distillation run, the student is meant.
        task (str): ``'landmarks'`` or ``'detection'``.

    Returns:
        nn.Module: With ``cfg`` and ``dataset_meta``.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: The checkpoint is that of another model, is damaged, or
            holds more than weights.
    """
    config, checkpoint = (osp.splitext(model)[0] + '.py',
                          model) if isinstance(model, str) else map(
                              str, model)
    for path, role in ((checkpoint, 'checkpoint'), (config, 'config')):
        if not osp.isfile(path):
            raise FileNotFoundError(
                f'The {role} {path} does not exist.' +
                (' Give config and checkpoint as a pair, or the checkpoint '
                 'that tools/misc/extract_student.py wrote with its config '
                 'beside it.' if role == 'config' else ''))
    if task == 'detection':
        from mmdet.apis import init_detector as init
        parsed = Config.fromfile(config)
    else:
        from mmpose.apis import init_model as init
        parsed = student_config(Config.fromfile(config))
    content = load_checkpoint(checkpoint)  # before others run what is in it
    loaded = init(parsed, checkpoint, device='cpu')
    _require_weights(loaded, content, checkpoint, config)
    return loaded


def _require_weights(model, content, checkpoint, config):
    """MMEngine loads what fits and leaves the rest as it was: not here."""
    weights = content.get('state_dict', content)
    unlike = [
        key for key, value in model.state_dict().items()
        if key not in weights or weights[key].shape != value.shape
    ]
    if unlike:
        raise ValueError(
            f'{checkpoint} does not hold the model of {config}: '
            f'{len(unlike)} weights are missing or of another shape, first '
            f'"{unlike[0]}". Give the config that it was trained with; of a '
            'distillation run, take student_best.pth or run '
            'tools/misc/extract_student.py.')


def _transforms(cfg, task) -> Dict[str, dict]:
    """Of the test pipeline, by type without scope."""
    found = {}
    for transform in cfg.test_dataloader.dataset.pipeline:
        kind = transform['type']
        name = kind.__name__ if isclass(kind) else kind.split('.')[-1]
        if name not in _KNOWN[task]:
            raise NotImplementedError(
                f'The test pipeline has the transform {name}, which exported '
                f'models do not know. Known are {", ".join(_KNOWN[task])}.')
        found[name] = {k: v for k, v in transform.items() if k != 'type'}
    return found


def describe(model: nn.Module, task: str = 'landmarks') -> ModelInfo:
    """What one must know to use a model outside of MMPose.

    Args:
        model (nn.Module): Of :func:`load_model`.
        task (str): ``'landmarks'`` or ``'detection'``.

    Raises:
        NotImplementedError: Its test pipeline does what exported models
            cannot.
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
        # Neither checkpoint nor config know the points' names.
        meta = {}
    names = meta.get('keypoint_id2name', {})
    return ModelInfo(
        task,
        input_size=(int(affine['input_size'][0]),
                    int(affine['input_size'][1])),
        outputs=['keypoints', 'scores'],
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
    """A model with its normalisation and, if wanted, decoding.

    Args:
        model (nn.Module): Of :func:`load_model`.
        decode (nn.Module, optional): Makes coordinates and scores of what the
            model gives (:func:`build_decoder`, :class:`DetectionDecoder`).
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
        image = image.to(self.mean.dtype)
        if self.swap and image.shape[1] == 3:
            image = image.flip(1)
        # One channel becomes as many as there are means.
        outputs = _flat(
            self.model(
                (image - self.mean) / self.std, None, mode='tensor'))
        if self.decode is None:
            return outputs
        # Half precision is for the network; coordinates need more.
        return self.decode(*(output.float() for output in outputs))


def _flat(outputs) -> Tuple[Tensor, ...]:
    """Tensors of nested tuples."""
    if isinstance(outputs, Tensor):
        return (outputs, )
    return sum((_flat(output) for output in outputs), ())


class DetectionDecoder(nn.Module):
    """Boxes and scores of an ``RTMDetHead``, best first."""

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
        """Decodes classes (N, C, h, w) and then distances (N, 4, h, w) of each
        level to boxes (N, M, 4) and scores (N, M), overlapping ones too.
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
    """A loaded model's network that gives decoded results, for evaluation."""
    decode = DetectionDecoder(
        model, info.input_size) if info.task == 'detection' else \
        build_decoder(model.head.decoder)
    return DeployedNetwork(model, decode).eval()


class TorchNetwork:
    """Runs a trained model (:func:`load_model`), as ``OnnxNetwork`` does."""

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
        """The outputs for images (N, C, H, W), uint8."""
        outputs = self._network(torch.from_numpy(images).to(self._device))
        return [output.cpu().numpy() for output in outputs]
