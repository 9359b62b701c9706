"""Remembers which stages of a run are finished, and what came out of them."""
import json
import os.path as osp
from typing import Any, Callable, Dict

from mmpose_thermal.datasets.converter_tools import write_json


class Journal:
    """The finished stages of a run, in a file.

    Args:
        path (str): The file; it need not exist yet.
        stages (Sequence[str]): Names of all stages, in order.
        say (Callable): Gets a line at the start of each stage.
    """

    def __init__(self, path: str, stages, say: Callable[[str], None]) -> None:
        self._path, self._names, self._say = path, list(stages), say
        self._found: Dict[str, dict] = {}
        if osp.exists(path):
            with open(path) as file:
                self._found = json.load(file)

    def inputs(self, name: str) -> dict:
        """The inputs of a finished stage; empty if it is not finished."""
        return self._found.get(name, {}).get('inputs', {})

    def stage(self, name: str, inputs: dict, work: Callable[[], dict]) -> dict:
        """Runs a stage unless it is finished, and returns its result.

        Args:
            name (str): Of the stage.
            inputs (dict): What the result depends on, apart from earlier stages.
            work (Callable): Returns the result, for JSON; its ``files`` are the
                paths that the stage wrote.

        Returns:
            dict: The result, perhaps of an earlier process.
        """
        number = self._names.index(name)
        where = f'[{number + 1}/{len(self._names)}] {name}'
        if self._is_done(name, inputs):
            self._say(f'{where}: done before')
            return self._found[name]['result']
        self._say(where)
        # Later stages were made from an earlier result of this one.
        self._write({key: self._found[key] for key in self._names[:number]
                     if key in self._found})
        result = work()
        self._write({**self._found, name: dict(inputs=inputs, result=result)})
        return result

    def _is_done(self, name, inputs) -> bool:
        found = self._found.get(name)
        return found is not None and found['inputs'] == _plain(inputs) and all(
            osp.exists(path) for path in found['result'].get('files', ()))

    def _write(self, found) -> None:
        self._found = _plain(found)
        write_json(self._path, self._found)


def _plain(value: Any) -> Any:
    """What JSON makes of a value: tuples become lists."""
    return json.loads(json.dumps(value))
