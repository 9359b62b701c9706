"""An environment of NumPy, OpenCV and ONNX Runtime alone."""
import os
import subprocess
import venv
from pathlib import Path

_PACKAGES = ('numpy', 'numpy.libs', 'cv2', 'opencv_python*.libs',
             'onnxruntime', 'flatbuffers', 'google', 'packaging',
             'coloredlogs', 'humanfriendly', 'sympy', 'mpmath')


def create_bare_environment(folder) -> Path:
    """Links the packages into a new environment; returns its site-packages."""
    import onnxruntime
    venv.create(folder, with_pip=False)
    target = next(Path(folder).glob('lib/python*/site-packages'))
    for pattern in _PACKAGES:
        for path in Path(onnxruntime.__file__).parents[1].glob(pattern):
            (target / path.name).symlink_to(path)
    return target


def run_isolated(*command, cwd=None):
    """Runs a command without this process's paths and the user's packages."""
    return subprocess.run([*map(str, command)], capture_output=True, text=True,
                          cwd=cwd, env={k: v for k, v in os.environ.items()
                                        if not k.startswith('PYTHON')})
