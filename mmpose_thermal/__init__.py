"""Facial landmarks in thermal images by cross-modal distillation, for MMPose.

Importing the package registers its components in MMPose's registries.
"""
from .version import __version__
from .compatibility import check_versions

check_versions()

from . import (datasets, engine, evaluation, models)  # noqa: E402,F401,I100

__all__ = ['__version__']
