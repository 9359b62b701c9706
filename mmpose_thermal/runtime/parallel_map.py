"""A function of many items, some at a time in threads, results in order."""
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Iterable, Iterator


class ParallelMap(Iterator):
    """Applies a function to items in threads, as far ahead as there are
    threads.

    OpenCV, NumPy and ONNX Runtime let other threads run while they compute.
    An item that fails raises its error when its turn has come, and so does an
    iterable that breaks; the next one is there to be asked for.

    Args:
        function (Callable): Of one item.
        items (Iterable): Taken one by one in the calling thread, never more
            than ``workers`` before their results are asked for.
        workers (int): Threads.
    """

    def __init__(self, function: Callable, items: Iterable,
                 workers: int) -> None:
        self._function, self._items = function, iter(items)
        self._workers, self._ended = workers, False
        self._pool = ThreadPoolExecutor(workers, 'parallel_map')
        self._pending: Deque[Future] = deque()

    def __next__(self):
        while not self._ended and len(self._pending) <= self._workers:
            self._submit_one()
        if not self._pending:
            self.close()
            raise StopIteration
        return self._pending.popleft().result()

    def _submit_one(self):
        try:
            item = next(self._items)
        except StopIteration:
            self._ended = True
        except Exception as error:
            self._ended = True
            failed: Future = Future()
            failed.set_exception(error)
            self._pending.append(failed)
        else:
            self._pending.append(self._pool.submit(self._function, item))

    def close(self) -> None:
        """Drops what is not asked for any more, and ends the threads."""
        self._ended = True
        while self._pending:
            self._pending.popleft().cancel()
        self._pool.shutdown(wait=False)
