"""From a data set as it is distributed to this project's COCO json."""
from .coco_files import coco, write_json
from .command_line import (add_palette_choice, converter_parser, run_converter)
from .convert import SPLITS, convert, split_by_subject
from .records import (ConversionError, Face, LeaveOut, Picture, box_around,
                      with_visibility)

__all__ = [
    'SPLITS', 'ConversionError', 'Face', 'LeaveOut', 'Picture',
    'add_palette_choice', 'box_around', 'coco', 'convert', 'converter_parser',
    'run_converter', 'split_by_subject', 'with_visibility', 'write_json'
]
