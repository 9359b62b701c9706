"""What a machine beside a camera needs: NumPy, OpenCV and ONNX Runtime.

Nothing here imports PyTorch or an OpenMMLab package.
"""
from .parallel_map import ParallelMap
from .crops import Crops, crop_faces
from .drawing import draw_faces
from .face_landmarks import FaceLandmarks
from .tracking import FaceTracker
from .dead_pixels import scene_of
from .images import (checked_pixels, decode_image, grey_levels,
                          stored_bits, thermal_pixels)
from .letterbox import boxes_from, letterbox
from .model_info import ModelInfo
from .onnx_network import OnnxNetwork
from .radiometry import temperature_problem, to_grey
from .results import ResultFiles
from .frames import Frame, Source
from .temperature import (SKIN_REGIONS, SkinRegion, SkinThermometer,
                          is_radiometric, is_skin, skin_regions)
from .unique_names import UniqueNames

__all__ = [
    'Crops', 'FaceLandmarks', 'FaceTracker', 'Frame', 'ModelInfo',
    'OnnxNetwork', 'ResultFiles', 'SKIN_REGIONS', 'SkinRegion',
    'SkinThermometer', 'Source', 'UniqueNames', 'ParallelMap', 'boxes_from',
    'checked_pixels', 'crop_faces', 'decode_image', 'draw_faces',
    'grey_levels', 'is_radiometric', 'is_skin', 'letterbox', 'scene_of',
    'skin_regions', 'stored_bits', 'temperature_problem', 'thermal_pixels',
    'to_grey'
]
