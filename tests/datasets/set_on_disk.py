"""A data set in a folder, which tests build and damage."""
import json

from mmpose.registry import DATASETS

from mmpose_thermal.datasets.datasets import thermal_face_dataset


def build(root, ann_file='annotations/train.json', **arguments):
    # Serialising collects all garbage of the process: a second a data set.
    return DATASETS.build(
        dict(type='ThermalFaceDataset', data_root=str(root),
             ann_file=str(ann_file), serialize_data=False, **arguments))


def edit(source, change, target=None):
    """Changes the content of an annotation file, or of a copy; returns its path."""
    content = json.loads(source.read_text())
    change(content)
    target = target or source
    target.write_text(json.dumps(content))
    return str(target)


def each(change, kind='annotations'):
    """Changes all annotations, or images, of a file."""
    return lambda content: [change(one) for one in content[kind]]


def logged(monkeypatch):
    """What data sets tell their user from now on."""
    messages = []
    monkeypatch.setattr(thermal_face_dataset, 'print_log',
                        lambda message, *_, **__: messages.append(message))
    return messages
