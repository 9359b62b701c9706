"""Loads the models that the evaluation tools measure."""
import os.path as osp
import re

from errors_files import titles_of

from mmpose_thermal.labelling.model_files import is_callable_name
from mmpose_thermal.labelling.teachers import load_teacher


def titles_of_models(specs, given=None):
    """Returns the given titles, or the models' names with their crop."""
    names = [osp.basename(re.sub(r'\.[a-z]+(?=@|$)', '', spec)) for spec in specs]
    if given is None and len(set(names)) == len(names):
        return names
    return titles_of(specs, given)


def load_model(spec):
    """Loads a landmark model: a file of ours, or a peer as ``FILE[@CROP]``.

    See :func:`mmpose_thermal.labelling.teachers.load_teacher`.
    """
    if is_callable_name(spec):
        return load_teacher(spec)
    path, crop = re.fullmatch(r'(.*?)(?:@([\d.]+))?', spec).groups()
    return load_teacher(path, None if crop is None else float(crop))
