"""Facial landmarks in thermal images by cross-modal distillation, for MMPose.

Importing the package registers its components in MMPose's registries. On a
machine without OpenMMLab's packages there is nothing to register:
:mod:`mmpose_thermal.runtime` and the ``onnx`` device of
:class:`mmpose_thermal.apis.ThermalLandmarker` work there alone.
"""
from importlib.util import find_spec

from .version import __version__

if find_spec('mmengine'):
    from .compatibility import allow_checkpoint_types, check_versions

    check_versions()
    allow_checkpoint_types()

    from . import (datasets, engine, evaluation, models)  # noqa: F401

__all__ = ['__version__']
