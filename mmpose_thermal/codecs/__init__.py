from .separable_msra_heatmap import SeparableMSRAHeatmap

__all__ = ['SeparableMSRAHeatmap']
