"""A data set in a folder, which tests build and damage."""
import json

from mmpose.registry import DATASETS

from mmpose_thermal.datasets.datasets import thermal_face_dataset


def build(root, ann_file='annotations/train.json', **arguments):
    return DATASETS.build(
        dict(type='ThermalFaceDataset', data_root=str(root), ann_file=ann_file,
             **arguments))


def edit(root, change, name='train'):
    """Changes the content of an annotation file; returns it."""
    path = root / 'annotations' / f'{name}.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return content


def each(change, kind='annotations'):
    """Changes all annotations, or images, of a file."""
    return lambda content: [change(one) for one in content[kind]]


def logged(monkeypatch):
    """What data sets tell their user from now on."""
    messages = []
    monkeypatch.setattr(thermal_face_dataset, 'print_log',
                        lambda message, *_, **__: messages.append(message))
    return messages
