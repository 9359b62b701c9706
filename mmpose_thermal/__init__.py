"""Facial landmarks in thermal images by cross-modal distillation, for MMPose.

Importing the package registers its components in MMPose's registries. On a
machine without OpenMMLab's packages there is nothing to register:
:mod:`mmpose_thermal.runtime` and the ``onnx`` device of
:class:`mmpose_thermal.apis.ThermalLandmarker` work there alone. Nor does the
command line register anything before a command needs it.
"""
from importlib.util import find_spec

from .components import is_command_line, register_components
from .version import __version__

if find_spec('mmengine') and not is_command_line():
    register_components()

__all__ = ['__version__']
