from .builder import build_connector
from .conv_connector import ConvConnector
from .identity_connector import IdentityConnector
from .resize_connector import ResizeConnector

__all__ = [
    'ConvConnector', 'IdentityConnector', 'ResizeConnector', 'build_connector'
]
