from .border_refined_heatmap import BorderRefinedHeatmap
from .separable_msra_heatmap import SeparableMSRAHeatmap

__all__ = ['BorderRefinedHeatmap', 'SeparableMSRAHeatmap']
