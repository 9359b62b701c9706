import hashlib
from typing import Callable, List, Optional

import torch
from mmengine.logging import MessageHub
from torch import Tensor

from mmpose_thermal.runtime.kept_values import KeptValues

_TYPE_BYTES = 16


def weights_mark(network: torch.nn.Module) -> bytes:
    """What tells one network from another.

    Args:
        network (nn.Module): The network.

    Returns:
        bytes: 32 of them, from its structure and weights.
    """
    mark = hashlib.sha256(repr(network).encode())
    for weights in network.state_dict().values():
        mark.update(weights.cpu().contiguous().flatten().view(
            torch.uint8).numpy())
    return mark.digest()


class FeatureCache:
    """Keeps a frozen network's features of images that come again.

    They are known by the images' content, so that they are never those of
    another crop, and by the network. This pays only if the images do come
    again: without random geometry (or with flips alone), and without random
    photometry of what this network sees.

    Args:
        path (str): An LMDB file, which processes and later runs share. A
            feature takes C * h * w numbers.
        mark (bytes): Of the network, see :func:`weights_mark`.
        name (str): Of the teacher, for errors.

    Raises:
        ImportError: The package ``lmdb`` is missing.
    """

    def __init__(self, path: str, mark: bytes, name: str) -> None:
        self.kept = KeptValues(path)
        self._mark = mark
        self._name = name
        self._factors: Optional[Tensor] = None
        self._first_epoch: Optional[int] = None
        self.hits = 0

    def __call__(self, images: Tensor, precision: Optional[torch.dtype],
                 compute: Callable[[Tensor], Tensor]) -> Tensor:
        """The features of a batch.

        Args:
            images (Tensor): Shape (B, C, H, W), float.
            precision (torch.dtype, optional): That of autocast, if it is on.
            compute (Callable): Makes features, (B, C_t, h_t, w_t), of images.

        Returns:
            Tensor: Shape (B, C_t, h_t, w_t), in channels_last.

        Raises:
            ValueError: Two epochs have passed, and no image came again.
        """
        keys = [key + str(precision).encode() for key in self._keys(images)]
        known = [self.kept.get(key, _unpacked) for key in keys]
        missing = [i for i, feature in enumerate(known) if feature is None]
        self.hits += len(keys) - len(missing)
        self._check_use()
        if missing:
            fresh = compute(images[missing])
            on_host = fresh.detach().permute(0, 2, 3, 1).cpu().contiguous()
            self.kept.put({
                keys[index]: _packed(feature)
                for index, feature in zip(missing, on_host)
            })
            if len(missing) == len(keys):
                return fresh
            for index, feature in zip(missing, on_host):
                known[index] = feature
        return torch.stack(known).to(images.device).permute(0, 3, 1, 2)

    def _keys(self, images: Tensor) -> List[bytes]:
        # Multilinear hashing, where the images are: 16 bytes of each are
        # copied to the host instead of all.
        words = images.contiguous().flatten(1).view(torch.int32).long()
        if self._factors is None or \
                self._factors.shape[1] != words.shape[1] or \
                self._factors.device != words.device:
            draw = torch.Generator().manual_seed(0)
            self._factors = torch.randint(
                -2**63, 2**63 - 1, (2, words.shape[1]),
                generator=draw).to(words.device)
        sums = torch.stack([(words * f).sum(1) for f in self._factors], 1)
        return [self._mark + row.tobytes() for row in sums.cpu().numpy()]

    def _check_use(self) -> None:
        hub = MessageHub.get_current_instance()
        epoch = hub.get_info('epoch') if 'epoch' in hub.runtime_info else None
        if epoch is None:
            return  # no training run
        if self._first_epoch is None:
            self._first_epoch = epoch
        elif epoch > self._first_epoch + 1 and not self.hits:
            raise ValueError(
                f'{self._name}.cache: no image that the teacher saw came again '
                'in two epochs, so that the cache only grows. Remove random '
                'geometry (RandomBBoxTransform, ...) and random changes of '
                'its images from the training pipeline, or leave out `cache`.')


def _packed(feature: Tensor) -> bytes:
    """Shape (h, w, C) and type before the numbers."""
    kind = str(feature.dtype).split('.')[1].encode().ljust(_TYPE_BYTES)
    shape = torch.tensor(feature.shape, dtype=torch.int32)
    return kind + b''.join(part.contiguous().view(torch.uint8).numpy().tobytes(
    ) for part in (shape, feature))


def _unpacked(value: memoryview) -> Tensor:
    dtype = getattr(torch, bytes(value[:_TYPE_BYTES]).decode().strip())
    shape = torch.frombuffer(
        bytearray(value[_TYPE_BYTES:_TYPE_BYTES + 12]), dtype=torch.int32)
    return torch.frombuffer(
        bytearray(value[_TYPE_BYTES + 12:]),
        dtype=dtype).reshape(shape.tolist())
