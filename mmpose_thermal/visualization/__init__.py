from .contact_sheet import contact_sheet, draw_landmarks
from .inspection_report import html_report, text_report

__all__ = ['contact_sheet', 'draw_landmarks', 'html_report', 'text_report']
