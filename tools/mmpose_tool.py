"""Runs one of MMPose's own tools with this plugin registered."""
import os.path as osp
import runpy
import sys


def path_of(name):
    """The path of ``tools/{name}`` of the installed MMPose."""
    import mmpose
    package = osp.dirname(mmpose.__file__)
    # In a wheel the tools are in `.mim`; in an editable install, next to the package.
    candidates = [
        osp.join(package, '.mim', 'tools', name),
        osp.join(osp.dirname(package), 'tools', name)
    ]
    for path in candidates:
        if osp.isfile(path):
            return path
    sys.exit(f'The installed MMPose has no tools/{name} (looked for '
             f'{candidates}). Reinstall it: pip install mmpose==1.3.2')


def run(name):
    """Runs ``tools/{name}`` of the installed MMPose as the main program.

    Arguments and behaviour are exactly those of the installed version.

    Args:
        name (str): File name of the tool, e.g. ``'train.py'``.
    """
    from mmpose_thermal.engine.config_text import format_configs_once
    format_configs_once()
    return runpy.run_path(path_of(name), run_name='__main__')
