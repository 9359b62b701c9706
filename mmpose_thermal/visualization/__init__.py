from .contact_sheet import contact_sheet, draw_landmarks
from .inspection_report import html_report, text_report
from .pair_views import fit_into, overlay_heatmaps, overlay_pair
from .plots import (mean_face, new_figure, plot_ced, plot_error_against,
                    plot_face_map, plot_training, save_figure)
from .worst_faces import worst_faces

__all__ = [
    'contact_sheet', 'draw_landmarks', 'fit_into', 'html_report', 'mean_face',
    'new_figure', 'overlay_heatmaps', 'overlay_pair', 'plot_ced',
    'plot_error_against', 'plot_face_map', 'plot_training', 'save_figure',
    'text_report', 'worst_faces'
]
