"""Working ahead: some items at a time, results in order."""
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterable, Iterator


def work_ahead(function: Callable, items: Iterable,
               workers: int) -> Iterator:
    """Applies a function to items in threads, as far ahead as there are
    threads.

    OpenCV, NumPy and ONNX Runtime let other threads run while they compute.

    Args:
        function (Callable): Of one item. What it raises is raised here when
            its turn has come.
        items (Iterable): Taken one by one in the calling thread, never more
            than ``workers`` before their results are asked for.
        workers (int): Threads.

    Yields:
        object: The results, in the order of the items.
    """
    pending = deque()
    with ThreadPoolExecutor(workers, 'work_ahead') as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
