"""Exports trained models to run without OpenMMLab."""
from .decoding import build_decoder, decoded_outputs
from .export import FORMATS, PRECISIONS, export_model, output_names
from .networks import (DeployedNetwork, DetectionDecoder, TorchNetwork,
                       deploy, describe, load_model)

__all__ = [
    'DeployedNetwork', 'DetectionDecoder', 'FORMATS', 'PRECISIONS',
    'TorchNetwork', 'build_decoder', 'decoded_outputs', 'deploy', 'describe',
    'export_model', 'load_model', 'output_names'
]
