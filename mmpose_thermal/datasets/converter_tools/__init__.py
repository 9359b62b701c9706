"""Shared code of the converters: writes faces and pictures as COCO json."""
from .coco_files import coco, write_json
from .convert import SPLITS, convert, split_by_subject
from .records import (ConversionError, Face, LeaveOut, Picture, box_around,
                      with_visibility)

__all__ = [
    'SPLITS', 'ConversionError', 'Face', 'LeaveOut', 'Picture',
    'box_around', 'coco', 'convert', 'split_by_subject', 'with_visibility',
    'write_json'
]
