from .contact_sheet import contact_sheet, draw_landmarks
from .inspection_report import html_report, text_report
from .pair_views import fit_into, overlay_heatmaps, overlay_pair

__all__ = [
    'contact_sheet', 'draw_landmarks', 'fit_into', 'html_report',
    'overlay_heatmaps', 'overlay_pair', 'text_report'
]
