"""Show what is installed and missing, or describe a model file."""
import argparse
import sys
from importlib import util
from pathlib import Path

from mmpose_thermal.version import __version__
from mmpose_thermal.weights import shipped_models

# Purpose, packages to install (None: run tools/install.sh), modules, and the
# distributions that can provide them.
_PARTS = (
    ('to predict', 'opencv-python onnxruntime', {
        'numpy': ('numpy', ),
        'cv2': ('opencv-python', 'opencv-python-headless',
                'opencv-contrib-python', 'opencv-contrib-python-headless'),
        'onnxruntime': ('onnxruntime', 'onnxruntime-gpu')}),
    ('to train, convert and check', None, {
        'torch': ('torch', ),
        'mmengine': ('mmengine', 'onedl-mmengine'),
        'mmcv': ('mmcv', 'mmcv-lite', 'onedl-mmcv'),
        'mmdet': ('mmdet', 'onedl-mmdetection'),
        'mmpose': ('mmpose', )}),
    ('to export', 'onnx', {'onnx': ('onnx', )}),
    ('to export to OpenVINO', 'openvino', {'openvino': ('openvino', )}),
    ('to serve a web page', 'gradio', {'gradio': ('gradio', )}),
    ('to keep training images decoded', 'lmdb', {'lmdb': ('lmdb', )}),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        'models', nargs='*', metavar='MODEL',
        help='describe this exported model (NAME.onnx with its '
        'NAME.onnx.json), or one that ships with the package, instead of the '
        'installation')


def run(args: argparse.Namespace) -> None:
    """Prints the description of the models, or of the installation."""
    shipped = shipped_models()
    for model in args.models:
        print('\n'.join(_described_model(shipped.get(model, model))))
    if not args.models:
        print('\n'.join(_described_installation()))


def _described_installation():
    yield (f'mmpose_thermal {__version__} in {Path(__file__).parents[1]}, '
           f'Python {sys.version.split()[0]}')
    for purpose, packages, modules in _PARTS:
        found = {module: _version(module, distributions)
                 for module, distributions in modules.items()}
        yield f'{purpose}: ' + ', '.join(
            f'{module} {version or "is missing"}'
            for module, version in found.items())
        if not all(found.values()):
            yield '  ' + (f'pip install {packages}' if packages else
                          'bash tools/install.sh in a clone of the repository')
    yield 'models that ship with it: ' + ', '.join(shipped_models())


def _version(module, distributions):
    """Finds a module's version without importing it; None if missing."""
    from importlib import metadata  # slow to import
    if util.find_spec(module) is None:
        return None
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return 'of unknown version'


def _described_model(path):
    from mmpose_thermal.runtime.networks import ModelInfo
    info, file = ModelInfo.load(path)
    width, height = info.input_size
    yield f'{file}: {info.task}, {info.precision}'
    yield (f'  input: {width} x {height} pixels, '
           f'{"grey levels" if info.channels == 1 else "BGR"}, 8 bits')
    units = 'in input pixels' if {
        'keypoints', 'boxes'} & set(info.outputs) else (
            'not decoded: `mmpose-thermal predict` needs an export without '
            '--no-decode')
    yield f'  output: {", ".join(info.outputs)}, {units}'
    if info.task == 'landmarks':
        yield f'  points: {len(info.keypoints)}, {_in_short(info.keypoints)}'
        yield f'  regions: {", ".join(info.regions) or "none"}'
    if info.channels == 1:
        yield ('  16-bit images: centikelvin, floats: kelvin, unless '
               '--temperature-scale is given')
    for name, value in info.source.items():
        yield f'  {name}: {value}'


def _in_short(names):
    return ', '.join(names if len(names) < 6 else
                     [*names[:2], '...', *names[-2:]])
