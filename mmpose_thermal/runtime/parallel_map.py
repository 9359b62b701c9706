"""An ordered map over items, run in threads."""
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Iterable, Iterator, Optional


class ParallelMap(Iterator):
    """Applies a function to items in threads and yields results in order.

    Threads help because OpenCV, NumPy and ONNX Runtime release the GIL. An
    error of an item, or of the iterable, is raised in its turn; iteration can
    then continue with the next result.

    Args:
        function (Callable): Called with one item.
        items (Iterable): Consumed in the calling thread, at most ``ahead``
            items ahead of the results.
        workers (int): Number of threads.
        ahead (int, optional): Defaults to ``workers``.
    """

    def __init__(self,
                 function: Callable,
                 items: Iterable,
                 workers: int,
                 ahead: Optional[int] = None) -> None:
        self._function, self._items = function, iter(items)
        self._ahead, self._ended = workers if ahead is None else ahead, False
        self._pool = ThreadPoolExecutor(workers, 'parallel_map')
        self._pending: Deque[Future] = deque()

    def __next__(self):
        while not self._ended and len(self._pending) <= self._ahead:
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
        """Cancels pending items, and stops the threads and the iterable."""
        self._ended, self._items = True, iter(())
        while self._pending:
            self._pending.popleft().cancel()
        self._pool.shutdown(wait=False)
