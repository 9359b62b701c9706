"""Whatever comes in either works or is one of the documented errors.

Each case is random and each run draws the same ones. The long tests draw
thousands.
"""
import copy
import json
import resource
import shutil
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
import torch
from conftest import COLOUR, GREY, estimator
from mmpose.registry import DATASETS, MODELS, TRANSFORMS

from mmpose_thermal.checkpoints import load_checkpoint
from mmpose_thermal.datasets.transforms import LoadThermalImage
from mmpose_thermal.models.distillers.loading import load_network

hypothesis = pytest.importorskip('hypothesis')
st = hypothesis.strategies

EXAMPLES = [60, pytest.param(3000, marks=pytest.mark.long)]
DOCUMENTED = (ValueError, FileNotFoundError)
SECONDS = 20.
GIGABYTES = 4  # on top of what the tests have


def fuzz(examples, case, attempt, documented=DOCUMENTED):
    """Tries cases; returns how many worked and how many were refused."""
    counts = [0, 0]

    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(case)
    def run(drawn):
        started = time.monotonic()
        try:
            attempt(drawn)
            counts[0] += 1
        except documented as error:
            assert str(error).strip('\'"'), 'an error without a message'
            counts[1] += 1
        assert time.monotonic() - started < SECONDS

    run()
    print(f'{sum(counts)} cases: {counts[0]} worked, {counts[1]} refused')
    return counts


@pytest.fixture(autouse=True)
def bounded_memory():
    """Who wants more is told that there is none, as on a small machine."""
    pages = int(open('/proc/self/statm').read().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (
        pages * resource.getpagesize() + GIGABYTES * 2**30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, hard))


# ------------------------------------------------------------------ mutations
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-2**70, 2**70),
    st.floats(allow_nan=True, allow_infinity=True), st.text(max_size=8),
    st.sampled_from(['../../../../etc/passwd', '/etc/passwd', '', '.', '\0']),
    st.lists(st.integers(-9, 9), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))


def places(tree, path=()):
    """Paths to all values of a nested structure."""
    yield path
    items = tree.items() if isinstance(tree, dict) else \
        enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from places(value, path + (key, ))


@st.composite
def mutated(draw, tree):
    """A nested structure with one to three values changed or removed."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(
            st.sampled_from([p for p in places(tree) if p] or [(None, )]))
        if last is None:
            break
        inner = tree
        for key in parents:
            inner = inner[key]
        if draw(st.booleans()):
            inner[last] = draw(JUNK)
        else:
            del inner[last]
    return tree


@st.composite
def damaged(draw, files):
    """The bytes of a file: cut, overwritten, or with something inserted."""
    content = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(0, 4))):  # 0: it must be able to work
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        how = draw(st.sampled_from(['cut', 'change', 'insert', 'remove']))
        if how == 'cut':
            del content[place:]
        elif how == 'remove':
            del content[place:place + draw(st.integers(1, 64))]
        else:
            new = draw(st.binary(min_size=1, max_size=8))
            end = place + (len(new) if how == 'change' else 0)
            content[place:end] = new
    return bytes(content)


# ----------------------------------------------------------- annotation files
@pytest.fixture
def annotations(pairs_root, tmp_path):
    root = shutil.copytree(pairs_root, tmp_path / 'pairs')
    path = root / 'annotations/train.json'
    coco = json.loads(path.read_text())
    coco['images'] = coco['images'][:2]
    known = {image['id'] for image in coco['images']}
    coco['annotations'] = [
        a for a in coco['annotations'] if a['image_id'] in known]

    def use(text):
        path.write_text(text)
        dataset = DATASETS.build(
            dict(
                type='ThermalFaceDataset', data_root=str(root),
                ann_file='annotations/train.json', with_rgb=True,
                pipeline=[
                    dict(type='LoadThermalImage'),
                    dict(type='LoadRGBPartner'),
                    dict(type='GetBBoxCenterScale'),
                    dict(type='PairTopdownAffine', input_size=(64, 64)),
                    dict(type='PackPairInputs')
                ]))
        for index in range(len(dataset)):
            sample = dataset[index]['data_samples'].gt_instances
            assert np.isfinite(sample.bboxes).all()

    return coco, use


@pytest.mark.parametrize('examples', EXAMPLES)
def test_annotation_files(annotations, examples):
    coco, use = annotations
    use(json.dumps(coco))
    worked, refused = fuzz(examples, mutated(coco).map(json.dumps), use)
    assert worked and refused


@pytest.mark.parametrize('examples', EXAMPLES)
def test_damaged_annotation_files(annotations, examples):
    coco, use = annotations
    text = json.dumps(coco).encode()
    fuzz(examples, damaged([text]).map(lambda b: b.decode(errors='replace')),
         use)


@pytest.mark.parametrize('examples', EXAMPLES)
def test_doctor_ends_and_refuses_what_training_refuses(annotations, tmp_path,
                                                       examples):
    from mmpose_thermal.datasets.checks import html_report, inspect, text_report
    coco, use = annotations
    root = tmp_path / 'pairs'
    path = str(root / 'annotations/train.json')

    def examine(text):
        refused = ''
        try:
            use(text)
        except DOCUMENTED as error:
            refused = str(error)
        found = inspect([path], str(root))
        assert text_report(found) and html_report(found, str(root))
        # An image without a partner is no error where nobody asks for pairs.
        assert found.failed or not refused or 'rgb_file_name' in refused
        if refused and not found.failed:
            raise ValueError(refused)

    fuzz(examples // 2, mutated(coco).map(json.dumps), examine)


def changed(coco, kind, number, **fields):
    coco[kind][number].update(fields)
    return coco


@pytest.mark.parametrize('spoil, message', [
    (lambda coco: [coco], 'it must be an object with "images"'),
    (lambda coco: dict(coco, images=3), '"images" is missing or not a list'),
    (lambda coco: dict(coco, annotations=[7]), r'"annotations"\[0\] is 7, but'),
    (lambda coco: dict(coco, images=[dict(id=1), dict(id=2)]),
     r'"images"\[0\] has no "file_name"'),
    (lambda coco: dict(coco, annotations=[
        dict(a, bbox=['a'] * 4) for a in coco['annotations']]),
     r"annotation 1 of image .* has the bbox \['a', .* not a box"),
    (lambda coco: changed(coco, 'images', 1, id=coco['images'][0]['id']),
     '"images" has the id .* 2 times'),
    (lambda coco: changed(coco, 'annotations', 1,
                          id=coco['annotations'][0]['id']),
     '"annotations" has the id .* 2 times'),
    (lambda coco: dict(coco, annotations=[
        dict(a, image_id=987) for a in coco['annotations']]),
     r'"annotations"\[0\] is of the image 987, which is not in'),
])
def test_faults_of_annotation_files_are_named(annotations, spoil, message):
    coco, use = annotations
    with pytest.raises(ValueError, match=f'train.json: {message}'):
        use(json.dumps(spoil(coco)))


@pytest.mark.parametrize('name', ['../outside.png', '/etc/hostname',
                                  'thermal/../../outside.png'])
@pytest.mark.parametrize('field', ['file_name', 'rgb_file_name'])
def test_files_outside_of_the_data_are_refused(annotations, tmp_path, name,
                                               field):
    coco, use = annotations
    shutil.copy(next((tmp_path / 'pairs/thermal').rglob('*.png')),
                tmp_path / 'outside.png')
    coco['images'][1][field] = name
    with pytest.raises(ValueError, match='outside of data_root'):
        use(json.dumps(coco))


# --------------------------------------------------------------------- images
def chunk(kind, content):
    return struct.pack('>I', len(content)) + kind + content + struct.pack(
        '>I', zlib.crc32(kind + content))


def png(width, height, depth=8, colour=0, rows=b''):
    """A PNG that promises so many pixels."""
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(
        b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def encoded(image, suffix):
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.fixture(scope='module')
def images():
    """Files of all kinds, by name."""
    from io import BytesIO

    from PIL import Image
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (40, 30), np.uint8)
    deep = rng.integers(28000, 32000, (40, 30)).astype(np.uint16)
    kelvin = deep.astype(np.float32) / 100
    colour = rng.integers(0, 256, (40, 30, 3), np.uint8)
    files = {
        'grey.png': encoded(grey, '.png'), 'deep.png': encoded(deep, '.png'),
        'colour.jpg': encoded(colour, '.jpg'),
        'alpha.png': encoded(np.dstack([colour, grey]), '.png'),
        'kelvin.tiff': encoded(kelvin, '.tiff'),
        'deep.tiff': encoded(deep, '.tiff'),
        'grey.bmp': encoded(grey, '.bmp'),
        'one.png': encoded(grey[:1, :1], '.png'),
        'line.png': encoded(grey[:1], '.png'),
    }
    for name, array in (('kelvin.npy', kelvin), ('deep.npy', deep),
                        ('double.npy', kelvin.astype(float)),
                        ('empty.npy', kelvin[:0])):
        stream = BytesIO()
        np.save(stream, array)
        files[name] = stream.getvalue()
    stream = BytesIO()
    Image.fromarray(np.dstack([colour, grey]), 'CMYK').save(stream, 'JPEG')
    files['cmyk.jpg'] = stream.getvalue()
    return files


def load(path, **fields):
    results = LoadThermalImage()(dict(img_path=str(path), **fields))
    image = results['img']
    assert image.dtype == np.uint8 and image.ndim == 3
    assert image.shape[2] == 3 and image.size


def test_images_of_all_kinds(images, tmp_path):
    refused = []
    for name, content in images.items():
        path = tmp_path / name
        path.write_bytes(content)
        try:
            load(path)
        except ValueError as error:
            assert name in str(error)
            refused.append(name)
    # Colours need a palette.
    assert refused == ['colour.jpg', 'alpha.png', 'empty.npy', 'cmyk.jpg']


@pytest.mark.parametrize('size', [(0, 5), (5, 0), (30000, 30000),
                                  (2**31 - 1, 2**31 - 1), (2**16, 2**16)])
def test_images_of_impossible_sizes(tmp_path, size):
    """Refused before memory is taken for them."""
    path = tmp_path / 'huge.png'
    path.write_bytes(png(*size))
    started = time.monotonic()
    with pytest.raises(ValueError, match='huge.png'):
        load(path)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize('examples', EXAMPLES)
def test_damaged_images(images, tmp_path, examples):
    kinds = sorted({name.split('.')[1] for name in images})

    @st.composite
    def case(draw):
        kind = draw(st.sampled_from(kinds))
        content = draw(damaged(
            [c for n, c in images.items() if n.endswith(kind)]))
        return kind, content, draw(st.sampled_from([None, 8, 16, 32, 7]))

    def attempt(drawn):
        kind, content, depth = drawn
        path = tmp_path / f'a.{kind}'
        path.write_bytes(content)
        load(path, **({} if depth is None else dict(bit_depth=depth)))

    worked, refused = fuzz(examples, case(), attempt)
    assert worked and refused


# -------------------------------------------------------------------- configs
OWN = dict(
    loss=(MODELS, dict(type='DIKDLoss', forward_weight=1., reverse_weight=1.)),
    feature=(MODELS, dict(type='FeatureDistillLoss', loss_weight=1.)),
    logit=(MODELS, dict(type='LogitDistillLoss', loss_weight=1.)),
    preprocessor=(MODELS, dict(
        type='PairDataPreprocessor', thermal=dict(GREY), rgb=dict(COLOUR))),
    load=(TRANSFORMS, dict(
        type='LoadThermalImage', gain='window', channels=3,
        temperature_range_k=[290., 310.])),
)


@pytest.mark.parametrize('examples', EXAMPLES)
@pytest.mark.parametrize('name', OWN)
def test_configs_of_our_modules(name, examples):
    registry, config = OWN[name]
    registry.build(dict(config))
    fuzz(examples // 3, mutated({k: v for k, v in config.items()
                                 if k != 'type'}),
         lambda fields: registry.build(dict(fields, type=config['type'])),
         # Python's own for a word that no argument has, and MMEngine's.
         documented=(ValueError, TypeError, KeyError, AssertionError,
                     RuntimeError, OverflowError))


@pytest.mark.parametrize('examples', EXAMPLES)
def test_configs_of_distillers(save_teacher, examples):
    teacher = estimator(8, COLOUR)
    config = dict(
        teacher=dict(config=teacher, checkpoint=save_teacher(teacher),
                     prefix='', keypoints=list(range(68)), dtype='float32'),
        student=dict(config=estimator(8), compile=False),
        teacher_input='rgb', student_input='thermal',
        distill_losses=dict(loss_a=dict(
            type='DIKDLoss', decay=dict(type='step', milestones=[.5]))),
        decay=dict(type='linear', begin=1., end=0.))
    MODELS.build(dict(config, type='CrossModalDistiller',
                      data_preprocessor=OWN['preprocessor'][1]))
    worked, refused = fuzz(examples, mutated(config), lambda fields: MODELS.build(
        dict(fields, type='CrossModalDistiller',
             data_preprocessor=OWN['preprocessor'][1])),
        # Python's own for a word that no argument has, and ours for a network
        # that cannot be distilled.
        documented=DOCUMENTED + (TypeError, ))
    assert worked and refused


# ---------------------------------------------------------------- checkpoints
@pytest.mark.parametrize('examples', EXAMPLES)
def test_damaged_checkpoints(save_teacher, tmp_path, examples):
    from mmengine.logging import HistoryBuffer
    path = save_teacher(estimator(8))
    small = {'a.weight': torch.ones(3, 2), 'b': torch.zeros(1)}
    torch.save(dict(state_dict=small, log=HistoryBuffer(), meta=dict(epoch=3)),
               path)
    new = open(path, 'rb').read()
    torch.save(dict(state_dict=small), path,
               _use_new_zipfile_serialization=False)
    old = open(path, 'rb').read()
    target = tmp_path / 'damaged.pth'

    def attempt(content):
        target.write_bytes(content)
        assert isinstance(load_checkpoint(target), dict)

    fuzz(examples, damaged([new, old]), attempt)


@pytest.mark.parametrize('examples', EXAMPLES)
def test_checkpoints_of_something_else(save_teacher, tmp_path, examples):
    model = MODELS.build(estimator(8))
    weights = {k: v for k, v in model.state_dict().items()}
    names = sorted(weights)[:6]
    junk = st.one_of(
        st.just(None), st.just('a'), st.just(3), st.just(torch.zeros(1, 1)),
        st.just(torch.zeros(0)), st.just({}))
    target = tmp_path / 'other.pth'

    def attempt(changes):
        changed = {k: v for k, v in weights.items()
                   if changes.get(k, 0) is not None}
        changed.update((k, v) for k, v in changes.items() if v is not None)
        torch.save(dict(state_dict=changed), target)
        load_network(model, str(target), 'teacher')

    worked, refused = fuzz(
        min(examples, 300),
        st.dictionaries(st.sampled_from(names), junk, max_size=3), attempt)
    assert worked and refused
