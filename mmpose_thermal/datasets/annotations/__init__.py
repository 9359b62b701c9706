"""Reads annotation files, with the same rules for training, doctor and converters."""
from .contents import Annotations, Fault, LeftOut
from .file_formats import parse_json
from .reader import read_annotations

__all__ = ['Annotations', 'Fault', 'LeftOut', 'parse_json', 'read_annotations']
