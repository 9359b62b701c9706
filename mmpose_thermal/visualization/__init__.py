from .contact_sheet import contact_sheet, draw_landmarks

__all__ = ['contact_sheet', 'draw_landmarks']
