"""Parametric RGB-thermal face pairs: the embedded default data.

    >>> import numpy as np
    >>> from mmpose_thermal.synthetic import (render_pair, sample_subject,
    ...                                       sample_view)
    >>> rng = np.random.default_rng(0)
    >>> subject = sample_subject(rng)
    >>> pair = render_pair(subject, sample_view(rng, subject), rng)
    >>> pair.rgb.shape, pair.temperature_k.shape, pair.keypoints.shape
    ((256, 256, 3), (256, 256), (68, 2))
"""
from .head import Subject, View, sample_subject, sample_view
from .pairs import SyntheticSpec, make_synthetic_pairs
from .render import RenderedPair, automatic_gain, render_pair

__all__ = [
    'RenderedPair', 'Subject', 'SyntheticSpec', 'View', 'automatic_gain',
    'make_synthetic_pairs', 'render_pair', 'sample_subject', 'sample_view'
]
