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
from .annotations import in_style
from .cameras import automatic_gain, expose
from .pairs import make_synthetic_pairs
from .people import Subject, sample_subject
from .pictures import Picture, pictures_of
from .render import RenderedPair, render_pair
from .scenes import in_condition, render_group, sample_rig, seen_by
from .spec import SyntheticSpec
from .views import View, sample_motion, sample_view

__all__ = [
    'Picture', 'RenderedPair', 'Subject', 'SyntheticSpec', 'View',
    'automatic_gain', 'expose', 'in_condition', 'in_style',
    'make_synthetic_pairs', 'pictures_of', 'render_group', 'render_pair',
    'sample_motion', 'sample_rig', 'sample_subject', 'sample_view', 'seen_by'
]
