"""Answers image after image, usable or not."""
import os
import warnings
from typing import Any, Callable, Tuple

from mmpose_thermal.runtime.frames import Frame
from mmpose_thermal.runtime.image_results import Results
from mmpose_thermal.runtime.model_info import ModelInfo

_ON_ERROR = ('raise', 'skip')


def answering(find: Callable[[Any, Any, str], Results], info: ModelInfo,
              on_error: str) -> Callable[[Tuple[int, Tuple]], Results]:
    """Makes a function that answers one item of a stream.

    Args:
        find (Callable): Takes an image, its boxes and a name for messages.
        info (ModelInfo): The model's description.
        on_error (str): ``'raise'``; or ``'skip'`` to warn of an unusable image
            and return an empty result with its ``error``.

    Returns:
        Callable: Takes ``(index, (image, boxes))``.

    Raises:
        ValueError: ``on_error`` is neither.
    """
    if on_error not in _ON_ERROR:
        raise ValueError(f'on_error must be one of {_ON_ERROR}, got '
                         f'{on_error!r}.')

    def answer(item):
        index, (image, boxes) = item
        try:
            return find(image, boxes, f'{index} of the stream')
        except (OSError, ValueError) as error:
            if on_error == 'raise':
                raise
            warnings.warn(f'Image {index} of the stream is skipped: {error}')
            return Results(
                info=info, error=str(error), name=_name_of(image, index))

    return answer


def _name_of(image, index):
    if isinstance(image, Frame):
        return image.path or image.name
    return str(image) if isinstance(image, (str, os.PathLike)) else \
        f'{index} of the stream'
