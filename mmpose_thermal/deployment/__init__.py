"""Exports trained models to run without OpenMMLab."""
from .calibration import RIGHT_NME, fit_calibration
from .decoding import build_decoder, decoded_outputs
from .export import FORMATS, PRECISIONS, export_model, output_names
from .networks import (DeployedNetwork, DetectionDecoder, TorchNetwork,
                       deploy, describe, load_model)

__all__ = [
    'DeployedNetwork', 'DetectionDecoder', 'FORMATS', 'PRECISIONS', 'RIGHT_NME',
    'TorchNetwork', 'build_decoder', 'decoded_outputs', 'deploy', 'describe',
    'export_model', 'fit_calibration', 'load_model', 'output_names'
]
