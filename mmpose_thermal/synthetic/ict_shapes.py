"""Head shapes of ICT-FaceKit, read from a user's own copy of it.

Nothing of it is part of this package: the public repository
ICT-VGL/ICT-FaceKit is named by the user, as a checkout or a git directory.
What the renderer needs of its 160 large text files is kept in a small cache.
"""
import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

MODES = 60
EXPRESSIONS = ('jawOpen', 'mouthPucker', 'mouthLeft', 'mouthRight') + tuple(
    f'{name}_{side}' for name in (
        'mouthSmile', 'mouthFrown', 'mouthUpperUp', 'mouthLowerDown',
        'browDown', 'browInnerUp', 'browOuterUp', 'eyeBlink', 'eyeSquint',
        'eyeWide') for side in 'LR')
_MESH, _LANDMARKS = 'generic_neutral_mesh.obj', 'vertex_indices.json'
_IDENTITIES = tuple(f'identity{number:03d}' for number in range(MODES))
# Vertices of the skin and of both eyeballs, by the table in its README.
_PARTS = ((0, 11248), (21451, 22221), (23021, 23791))
# Its axes point left, up and forward from a point in the head: the height of
# its eyes, and the depth of the chart's axis.
_EYES_Y, _AXIS_Z = 3.45, 1.8
_LOWEST_Y = 14.
_CACHE_VERSION = 1


@dataclass
class IctShapes:
    """A linear shape model; coordinates as in :mod:`.head`, cm.

    Attributes:
        mean (np.ndarray): Vertices of the mean head, (V, 3), float32.
        triangles (np.ndarray): Clockwise from outside, (T, 3), int32.
        landmarks (np.ndarray): Vertices of iBUG's 68 points, (68, ).
        identity (np.ndarray): Offsets a mode, (MODES, V, 3), float32.
        expression (np.ndarray): Offsets of each of ``EXPRESSIONS``, likewise.
    """
    mean: np.ndarray
    triangles: np.ndarray
    landmarks: np.ndarray
    identity: np.ndarray
    expression: np.ndarray


@lru_cache(maxsize=1)
def load_ict_shapes(folder):
    """Loads the shapes, from the cache if they were read before.

    Args:
        folder (str): Checkout or git directory of ICT-VGL/ICT-FaceKit.

    Returns:
        IctShapes: The shapes.

    Raises:
        FileNotFoundError: The folder holds no ICT-FaceKit.
    """
    source = _source_of(folder)
    cache = _cache_folder() / f'ict_shapes_{source.key()}.npz'
    if cache.exists():
        with np.load(cache) as stored:
            return IctShapes(**stored)
    print(f'Reading the shapes of {folder} once; they are kept in {cache}.',
          flush=True)
    shapes = _read_shapes(source)
    cache.parent.mkdir(parents=True, exist_ok=True)
    # Another process may do the same: it must never find half a file.
    partial = cache.with_name(f'{cache.stem}_{os.getpid()}.npz')
    np.savez(partial, **asdict(shapes))
    os.replace(partial, cache)
    return shapes


def _cache_folder():
    home = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(home) / 'mmpose_thermal'


# -------------------------------------------------------------------- sources
class _Checkout:
    """Files of a working tree."""

    def __init__(self, folder):
        self.folder = Path(folder) / 'FaceXModel'

    def key(self):
        """Changes with the files."""
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns)
                 for path in sorted(self.folder.iterdir())]
        return _digest([str(self.folder.resolve()), stats])

    def read(self, name):
        """The text of a file."""
        return (self.folder / name).read_text()


class _GitDirectory:
    """Files of the last commit in a git directory without working tree."""

    def __init__(self, folder):
        self.folder = str(folder)

    def _git(self, *command):
        return subprocess.run(
            ['git', '--git-dir', self.folder, *command], check=True,
            capture_output=True).stdout.decode()

    def key(self):
        """Names the content of the folder that is read."""
        return _digest(self._git('rev-parse', 'HEAD:FaceXModel').strip())

    def read(self, name):
        """The text of a file."""
        return self._git('show', f'HEAD:FaceXModel/{name}')


def _digest(content):
    text = json.dumps([_CACHE_VERSION, content])
    return hashlib.sha1(text.encode()).hexdigest()[:12]


def _source_of(folder):
    found = None
    if (Path(folder) / 'FaceXModel').is_dir():
        found = _Checkout(folder)
    elif (Path(folder) / 'HEAD').is_file():
        found = _GitDirectory(folder)
    try:
        found.key()
        found.read(_LANDMARKS)
    except (AttributeError, OSError, subprocess.CalledProcessError):
        raise FileNotFoundError(
            f'{folder} holds no ICT-FaceKit: there is no FaceXModel/'
            f'{_LANDMARKS} in it. Run "git clone https://github.com/ICT-VGL/'
            'ICT-FaceKit" and name the folder that it makes.') from None
    return found


# -------------------------------------------------------------------- reading
def _read_shapes(source):
    text = source.read(_MESH)
    everything = _vertices(text)
    triangles = _kept_triangles(text, everything)
    used, triangles = np.unique(triangles, return_inverse=True)
    mean = everything[used]
    landmarks = np.array(
        json.loads(source.read(_LANDMARKS))['idx_to_landmark_verts'])

    def offsets(names):
        return np.stack([
            _vertices(source.read(f'{name}.obj'))[used] - mean
            for name in names])

    return IctShapes(mean, triangles.reshape(-1, 3).astype(np.int32),
                     np.searchsorted(used, landmarks), offsets(_IDENTITIES),
                     offsets(EXPRESSIONS))


def _vertices(text):
    """Vertices of an OBJ file in our axes, (V, 3), float32."""
    lines = [line.split()[1:4] for line in text.splitlines()
             if line.startswith('v ')]
    return (np.array(lines, float) * [1, -1, 1] + [0, _EYES_Y, -_AXIS_Z]
            ).astype(np.float32)


def _kept_triangles(text, vertices):
    """Triangles of skin and eyeballs above the neck, (T, 3)."""
    triangles = []
    for line in text.splitlines():
        if line.startswith('f '):
            face = [int(corner.split('/')[0]) - 1
                    for corner in line.split()[1:]]
            # OBJ's faces run anticlockwise.
            triangles += [(face[0], face[i + 1], face[i])
                          for i in range(1, len(face) - 1)]
    triangles = np.array(triangles)
    inside = np.any([
        ((triangles >= first) & (triangles < end)).all(1)
        for first, end in _PARTS
    ], 0)
    high = vertices[triangles, 1].min(1) < _LOWEST_Y
    return triangles[inside & high]
