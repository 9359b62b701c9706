"""MMPose's own `tools/test.py`, with mmpose_thermal registered."""
from mmpose_tool import run

if __name__ == '__main__':
    run('test.py')
