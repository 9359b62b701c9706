import glob
import json
import os.path as osp
from typing import Dict, List, Tuple


def training_log(work_dir: str) -> List[dict]:
    """Reads the log of a training, including all parts of a resumed one.

    Args:
        work_dir (str): Work directory of ``tools/train.py``.

    Returns:
        list[dict]: The logged quantities, in order of steps.

    Raises:
        FileNotFoundError: There is no log.
    """
    found: Dict[Tuple[bool, int], dict] = {}
    # Later parts replace steps that were repeated after resuming.
    for path in sorted(glob.glob(
            osp.join(work_dir, '2*', 'vis_data', 'scalars.json'))):
        with open(path) as file:
            for line in map(json.loads, file):
                if 'step' in line:
                    found['lr' in line, line['step']] = line
    if not found:
        raise FileNotFoundError(
            f'{work_dir} holds no log of a training (*/vis_data/scalars.json). '
            'Give the --work-dir of tools/train.py.')
    return [found[key] for key in sorted(found)]
