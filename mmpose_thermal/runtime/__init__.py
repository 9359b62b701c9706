"""The inference runtime: needs only NumPy, OpenCV and ONNX Runtime.

Nothing here imports PyTorch or an OpenMMLab package at load time.
"""
from .calibration import Calibration
from .cameras import CAMERAS, Camera, Split, camera_named
from .crops import Crops, boxes_from, crop_faces, letterbox
from .dead_pixels import scene_of
from .drawing import draw_faces
from .frames import Frame, Source, UniqueNames
from .head_pose import HeadPose
from .image_results import Results
from .images import (checked_pixels, decode_image, grey_levels, stored_bits,
                     thermal_pixels)
from .input_options import InputOptions
from .live import CameraSource
from .model_info import ModelInfo
from .networks import OnnxNetwork
from .parallel_map import ParallelMap
from .radiometric_jpeg import Thermogram, read_thermogram
from .radiometry import temperature_problem, to_grey
from .result_files import ResultFiles
from .results import FaceLandmarks
from .skin_regions import SKIN_REGIONS, SkinRegion, skin_regions
from .temperature import SkinReading, SkinThermometer, is_skin
from .tracking import FaceTracker

__all__ = [
    'CAMERAS', 'Calibration', 'Camera', 'CameraSource', 'Crops',
    'FaceLandmarks', 'FaceTracker', 'Frame', 'HeadPose', 'InputOptions',
    'ModelInfo', 'OnnxNetwork', 'ParallelMap', 'ResultFiles', 'Results',
    'SKIN_REGIONS', 'SkinReading', 'SkinRegion', 'SkinThermometer', 'Source',
    'Split', 'Thermogram', 'UniqueNames', 'boxes_from', 'camera_named',
    'checked_pixels', 'crop_faces', 'decode_image', 'draw_faces',
    'grey_levels', 'is_skin', 'letterbox', 'read_thermogram',
    'scene_of', 'skin_regions', 'stored_bits', 'temperature_problem',
    'thermal_pixels', 'to_grey'
]
