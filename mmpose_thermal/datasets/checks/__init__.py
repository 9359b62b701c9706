"""The data doctor: finds problems in annotation files and their images."""
from .findings import Finding, Inspection
from .inspection import inspect
from .report import html_report, text_report
from .shifts import estimate_shift

__all__ = [
    'Finding', 'Inspection', 'estimate_shift', 'html_report', 'inspect',
    'text_report'
]
