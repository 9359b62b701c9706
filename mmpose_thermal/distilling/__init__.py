"""From a folder of RGB-thermal pairs to an exported light model, with a report."""
from .distillation import LEVELS, Distillation, distill

__all__ = ['LEVELS', 'Distillation', 'distill']
