"""Loads the networks of a landmarker."""
from typing import Any, Optional, Sequence, Tuple, Union

from mmpose_thermal.runtime.networks import load_network
from mmpose_thermal.weights import with_defaults


def load_networks(model: Any, detector: Any, detect: bool,
                  device: Optional[str], threads: Optional[int],
                  providers: Union[str, Sequence[str], None]
                  ) -> Tuple[Any, Any]:
    """Loads a landmark network and its face detector, if there is one.

    Args:
        model, detector, detect, device, threads, providers: See
            :class:`ThermalLandmarker`.

    Raises:
        ValueError: The networks cannot be used together, or one cannot be
            used at all.
    """
    if not detect and detector is not None:
        raise ValueError('detect=False, but a detector was given: leave one '
                         'of them out.')
    model, detector = with_defaults(model, detector)
    network = load_network(model, 'landmarks', device, threads, providers)
    if network.info.outputs[:2] != ['keypoints', 'scores']:
        raise ValueError(
            f'{model} returns {network.info.outputs}: it was exported without '
            'decoding. Export it without --no-decode.')
    if detector is None or not detect:
        return network, None
    finder = load_network(detector, 'detection', device, threads, providers)
    if finder.info.channels != network.info.channels:
        raise ValueError(
            f'{detector} takes {finder.info.channels} channels, but {model} '
            f'takes {network.info.channels}: one is for thermal images, the '
            'other for visible light.')
    return network, finder
