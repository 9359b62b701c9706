"""Reads config files."""
from mmengine.config import Config


def read_config(path: str, *fields: str) -> Config:
    """Reads a config that must have some fields.

    Args:
        path (str): A config file.
        *fields (str): Names of fields at its top.

    Raises:
        ValueError: It is no Python, or lacks a field.
    """
    try:
        config = Config.fromfile(path)
    except SyntaxError as error:
        raise ValueError(f'{path}, or a config that it inherits, is not valid Python: '
                         f'{error.msg} in line {error.lineno}.') from None
    for field in fields:
        if field not in config:
            raise ValueError(f'{path} has no `{field}`: give a whole config, such as '
                             'those in configs/thermal_face_2d_keypoint.')
    return config
