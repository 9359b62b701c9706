"""Annotation files: one reader, one set of rules for training, doctor, converters."""
from .contents import Annotations, Fault, LeftOut
from .file_formats import parse_json
from .reader import read_annotations

__all__ = ['Annotations', 'Fault', 'LeftOut', 'parse_json', 'read_annotations']
