"""Applies a function to many tasks, in several processes."""
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
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        if jobs > 1 and len(tasks) > 1:
            return mmengine.track_parallel_progress(
                function, tasks, jobs, chunksize=chunksize, keep_order=True)
        return mmengine.track_progress(function, tasks)
    finally:
        cv2.setNumThreads(threads)
        print(flush=True)
