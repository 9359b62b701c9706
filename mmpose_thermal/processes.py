"""Applies a function to many tasks, in several processes."""
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, parent_process
from typing import Callable, Sequence

import cv2
import mmengine


def map_in_processes(function: Callable, tasks: Sequence, jobs: int,
                     chunksize: int = 1) -> list:
    """Applies a function to each task, with a progress bar.

    OpenCV computes on one thread meanwhile. A forked process cannot use or
    end threads that its parent had started: it would wait for them for ever.

    Args:
        function (Callable): Called with one task; a function of a module.
        tasks (Sequence): The tasks.
        jobs (int): Number of processes; 1 stays in this one.
        chunksize (int): Number of tasks handed to a process at a time.

    Returns:
        list: The results, in the order of the tasks.

    Raises:
        ChildProcessError: A process was killed.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        if jobs > 1 and len(tasks) > 1:
            return _in_pool(function, tasks, jobs, chunksize)
        return mmengine.track_progress(function, tasks)
    finally:
        cv2.setNumThreads(threads)
        print(flush=True)


def _in_pool(function, tasks, jobs, chunksize):
    # multiprocessing.Pool, which MMEngine uses, waits for ever for a killed process.
    with ProcessPoolExecutor(jobs, initializer=_end_with_parent) as pool:
        bar, results = mmengine.ProgressBar(len(tasks)), []
        try:
            for result in pool.map(function, tasks, chunksize=chunksize):
                results.append(result)
                bar.update()
        except BrokenProcessPool:
            raise ChildProcessError(
                f'One of {jobs} processes was killed, perhaps because memory ran '
                'out: try again with fewer (--jobs).') from None
    return results


def _end_with_parent():
    """Ends this process when its parent was killed, which cannot do that itself."""
    def wait():
        connection.wait([parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
