import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def read_version():
    """The version, without importing what it needs."""
    scope = {}
    exec((ROOT / 'mmpose_thermal' / 'version.py').read_text(), scope)
    return scope['__version__']


class BuildWithConfigs(build_py):
    """Puts the configs into the package, where MIM looks for them."""

    def run(self):
        super().run()
        if not getattr(self, 'editable_mode', False):
            shutil.copytree(
                ROOT / 'configs',
                Path(self.build_lib) / 'mmpose_thermal' / '.mim' / 'configs',
                ignore=shutil.ignore_patterns('__pycache__'),
                dirs_exist_ok=True)


setup(
    cmdclass=dict(build_py=BuildWithConfigs),
    name='mmpose_thermal',
    version=read_version(),
    description='Facial landmarks in thermal images: multi-level cross-modal '
    'knowledge distillation (MLCM-KD, DIKD) as a plugin for MMPose',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache License 2.0',
    packages=find_packages(include=['mmpose_thermal', 'mmpose_thermal.*']),
    package_data={'mmpose_thermal.weights': [
        '*.onnx', '*.onnx.json', '*.pth', '*.md']},
    python_requires='>=3.8',
    # torch, mmengine, mmcv, mmdet and mmpose are deliberately absent: their
    # compiled parts depend on each other, and a plugin that names them would
    # make pip replace the versions a user has. They are checked at import.
    install_requires=['numpy'],
    extras_require=dict(
        # Beside a camera: enough for `mmpose-thermal predict`.
        runtime=['opencv-python', 'onnxruntime'],
        # Files of cameras: FLIR's radiometric JPEGs, TIFF that OpenCV lacks.
        cameras=['flyr', 'tifffile'],
        export=['onnx', 'onnxruntime'],
        openvino=['openvino>=2024'],
        serve=['opencv-python', 'onnxruntime', 'gradio>=4'],
        cache=['lmdb'],
        tests=['pytest', 'pytest-xdist', 'onnx', 'onnxruntime']),
    entry_points=dict(
        console_scripts=['mmpose-thermal = mmpose_thermal.cli:main']),
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
