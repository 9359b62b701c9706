"""Labels thermal images by what a landmark model finds in their RGB partners."""
from .label import LabelledPairs, label_pairs

__all__ = ['LabelledPairs', 'label_pairs']
