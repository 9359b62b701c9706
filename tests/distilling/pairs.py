"""Pairs to distil from, as small as can be."""
import json

from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs


def write_pairs(folder):
    """Renders twelve aligned pairs; returns their annotation file."""
    return make_synthetic_pairs(
        str(folder), SyntheticSpec(train=12, val=1, test=1, extra=0, per_subject=1,
                                   size=96, difficulty=.1))['train']


def change(ann_file, out, edit_image=None, edit_face=None):
    """Writes a changed annotation file beside another; returns its path."""
    content = json.loads(ann_file.read_text())
    for records, edit in ((content['images'], edit_image),
                          (content['annotations'], edit_face)):
        for number, record in enumerate(records):
            if edit:
                edit(number, record)
    path = ann_file.with_name(out)
    path.write_text(json.dumps(content))
    return path
