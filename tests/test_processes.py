"""Tasks in several processes."""
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_thermal.processes import map_in_processes


def total(pixels):
    return int(cv2.blur(pixels, (5, 5)).sum())


@pytest.mark.parametrize('jobs', [1, 2])
def test_results_are_in_the_order_of_the_tasks(jobs):
    threads = cv2.getNumThreads()
    tasks = [np.full((20, 20), value, np.uint8) for value in range(5)]
    assert map_in_processes(total, tasks, jobs) == [
        400 * value for value in range(5)]
    assert cv2.getNumThreads() == threads


def test_an_error_of_a_task_is_raised():
    threads = cv2.getNumThreads()
    with pytest.raises(cv2.error):
        map_in_processes(total, [np.zeros(0)] * 2, 2)
    assert cv2.getNumThreads() == threads


def test_a_killed_process_ends_the_work_with_a_remedy():
    """As where memory runs out; multiprocessing.Pool waits for ever."""
    script = '''
import os, signal
from mmpose_thermal.processes import map_in_processes

def killed_at_two(task):
    if task == 2:
        os.kill(os.getpid(), signal.SIGKILL)

map_in_processes(killed_at_two, [*range(8)], 2)
'''
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', script],
                          capture_output=True, text=True, timeout=60)
    assert 'ChildProcessError' in done.stderr and '--jobs' in done.stderr


def test_processes_end_with_their_parent(tmp_path):
    script = '''
import os, sys, time
from pathlib import Path
from mmpose_thermal.processes import map_in_processes

def sleep(task):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(60)

map_in_processes(sleep, [0, 1, 2], 3)
'''
    parent = subprocess.Popen([sys.executable, '-W', 'ignore', '-c', script, tmp_path],
                              stdout=subprocess.DEVNULL)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 3)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(map(is_running, tmp_path.iterdir())))


def is_running(path):
    try:
        return ') Z ' not in Path('/proc', path.name, 'stat').read_text()
    except FileNotFoundError:
        return False


def wait_until(happens, seconds=60):
    ends = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < ends
        time.sleep(.05)


def test_threads_of_opencv_do_not_stop_forked_processes():
    """They did in `mmpose-thermal distill`, where the labels came before."""
    script = '''
import time
import cv2, numpy as np
from mmpose_thermal.processes import map_in_processes
cv2.setNumThreads(4)
large = np.zeros((4000, 4000), np.uint8)
moved = lambda image: cv2.warpAffine(image, np.eye(2, 3), (4000, 4000))
moved(large)  # starts the threads
time.sleep(.5)  # they wait now

def wide(value):
    cv2.setNumThreads(1)  # as another library may
    return int(moved(large + np.uint8(value))[0, 0])

print(map_in_processes(wide, [3, 4], 2), cv2.getNumThreads())
'''
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', script],
                          capture_output=True, text=True, timeout=300)
    assert '[3, 4] 4' in done.stdout, done.stderr
