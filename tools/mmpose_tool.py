"""Runs one of MMPose's own tools with this plugin registered."""
import os.path as osp
import runpy
import sys


def run(name):
    """Runs ``tools/{name}`` of the installed MMPose as the main program.

    Its arguments and behaviour are thereby exactly those of the installed
    version. User errors (a missing file, a config that contradicts its data)
    end in their one message instead of a traceback.

    Args:
        name (str): File name of the tool, e.g. ``'train.py'``.
    """
    import mmpose

    import mmpose_thermal  # noqa: F401
    package = osp.dirname(mmpose.__file__)
    # Wheels carry the tools in `.mim`; an editable install beside the package.
    candidates = [
        osp.join(package, '.mim', 'tools', name),
        osp.join(osp.dirname(package), 'tools', name)
    ]
    for path in candidates:
        if osp.isfile(path):
            return runpy.run_path(path, run_name='__main__')
    sys.exit(f'The installed MMPose has no tools/{name} (looked for '
             f'{candidates}). Reinstall it: pip install mmpose==1.3.2')
