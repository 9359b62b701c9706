from .contact_sheet import contact_sheet, draw_landmarks
from .pair_views import fit_into, overlay_heatmaps, overlay_pair
from .plots import (mean_face, new_figure, plot_ced, plot_error_against,
                    plot_face_map, plot_runs, plot_training, save_figure)
from .training_log import training_log
from .worst_faces import worst_faces

__all__ = [
    'contact_sheet', 'draw_landmarks', 'fit_into', 'mean_face', 'new_figure',
    'overlay_heatmaps', 'overlay_pair', 'plot_ced', 'plot_error_against',
    'plot_face_map', 'plot_runs', 'plot_training', 'save_figure',
    'training_log', 'worst_faces'
]
