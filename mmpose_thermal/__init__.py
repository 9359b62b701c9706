"""Facial landmarks in thermal images by cross-modal distillation, for MMPose.

Importing the package registers its components in MMPose's registries.
"""
from .version import __version__
from .compatibility import allow_checkpoint_types, check_versions

check_versions()
allow_checkpoint_types()

from . import (datasets, engine, evaluation, models)  # noqa: E402,F401

__all__ = ['__version__']
