from .cross_modal_distiller import CrossModalDistiller
from .decay import Decay

__all__ = ['CrossModalDistiller', 'Decay']
