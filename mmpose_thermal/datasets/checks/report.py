"""The data doctor's findings as text and as one HTML page."""
import base64
import html
import json
import os.path as osp
from typing import Dict, List, Optional

import cv2
import numpy as np

from mmpose_thermal.visualization.contact_sheet import draw_landmarks

from ..annotations import Annotations
from ..datasets.thermal_face_dataset import image_fields
from ..image_files import check_inside
from ..transforms.loading import LoadThermalImage, read_image
from .findings import Inspection
from .inspection import image_folders

_THUMBNAIL_PX = 150
_FAR_PX = 1 << 14  # beyond any picture; OpenCV draws with 16 bits and more
_MARKS = dict(error='ERROR', warning='warning')
_STYLE = ('body{font-family:sans-serif;max-width:75em;margin:2em auto;'
          'padding:0 1em;line-height:1.4}.error{border-left:6px solid #c0392b}'
          '.warning{border-left:6px solid #e1a100}section{padding:.2em 1em;'
          'margin:1em 0;background:#f6f6f6}figure{display:inline-block;'
          'margin:.3em}figcaption{font-size:.7em;max-width:16em;'
          'overflow-wrap:anywhere}pre{background:#f6f6f6;padding:1em;'
          'overflow-x:auto}td,th{padding:.2em .8em;text-align:left;'
          'vertical-align:top}')


def config_lines(inspection: Inspection) -> str:
    """The ``data_preprocessor`` of pairs or of one modality, for a config."""
    normalisation = inspection.statistics['normalisation']

    def arguments(modality):
        values = normalisation[modality]
        colour = ', bgr_to_rgb=True' if modality == 'rgb' else ''
        return f'mean={values["mean"]}, std={values["std"]}{colour}'

    if len(normalisation) == 2:
        parts = ',\n'.join(f'    {modality}=dict({arguments(modality)})'
                           for modality in normalisation)
        return ('data_preprocessor=dict(\n    type=\'PairDataPreprocessor\','
                f'\n{parts})')
    return '\n'.join('data_preprocessor=dict(type=\'PoseDataPreprocessor\', '
                     f'{arguments(modality)})' for modality in normalisation)


def text_report(inspection: Inspection) -> str:
    """The findings as lines of text."""
    lines = []
    for name, values in inspection.statistics.items():
        if name != 'normalisation':
            lines += [name] + [f'  {key}: {json.dumps(value)}'
                               for key, value in values.items()]
    lines += ['', 'Normalisation of the face crops, for the config:',
              config_lines(inspection), '',
              'Checked: ' + ', '.join(inspection.checked) + '.', '']
    for finding in inspection.findings:
        lines.append(f'{_MARKS[finding.level]} ({finding.check}): '
                     f'{finding.message}')
    return '\n'.join([*lines, _counts(inspection)])


def _counts(inspection: Inspection) -> str:
    errors = sum(finding.level == 'error' for finding in inspection.findings)
    return f'{errors} errors, {len(inspection.findings) - errors} warnings.'


class _Thumbnails:
    """Pictures of images of annotation files, with landmarks and boxes."""

    def __init__(self, files: Dict[str, Annotations], data_root: str,
                 data_prefix: Optional[dict]) -> None:
        self.folders = image_folders(data_root, data_prefix)
        self.files = files

    def figure(self, name: str, number: int) -> str:
        found = self.files[name]
        image = found.images[number]
        faces = [face for face, place in zip(found.faces, found.image_of)
                 if place == number]
        caption = html.escape(f'{osp.basename(name)}: {image["file_name"]}')
        parts: List[str] = []
        try:
            thermal = LoadThermalImage()(dict(
                image_fields(image), img_path=self._path('img', image)))['img']
            parts.append(self._draw(thermal, faces))
            if image.get('rgb_file_name'):
                parts.append(self._shrink(read_image(
                    self._path('rgb', image), colour=True)))
        except (ValueError, OSError, cv2.error) as error:
            if not parts:
                return (f'<figure><figcaption>{caption}<br>'
                        f'{html.escape(str(error))}</figcaption></figure>')
        pictures = ''.join(f'<img src="data:image/jpeg;base64,{part}">'
                           for part in parts)
        return (f'<figure>{pictures}<figcaption>{caption}</figcaption>'
                '</figure>')

    def _path(self, role: str, image: dict) -> str:
        field = 'rgb_file_name' if role == 'rgb' else 'file_name'
        path = osp.join(self.folders[role], image[field])
        check_inside([path], [self.folders['root']])
        return path

    def _draw(self, image, annotations) -> str:
        for annotation in annotations:
            points = np.reshape(annotation['keypoints'], (-1, 3))
            image = draw_landmarks(
                image, points[points[:, 2] > 0, :2].clip(-_FAR_PX, _FAR_PX),
                radius_px=max(image.shape) / 160)
            x, y, width, height = annotation['bbox']
            low, high = np.clip(
                [[x, y], [x + width, y + height]], -_FAR_PX,
                _FAR_PX).astype(int).tolist()
            cv2.rectangle(image, low, high, (0, 160, 255),
                          max(max(image.shape) // 200, 1))
        return self._shrink(image)

    @staticmethod
    def _shrink(image) -> str:
        scale = _THUMBNAIL_PX / max(image.shape[:2])
        small = cv2.resize(
            image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
        return base64.b64encode(jpeg.tobytes()).decode()


def html_report(inspection: Inspection,
                data_root: str = '',
                data_prefix: Optional[dict] = None,
                samples: int = 12) -> str:
    """The findings as one page that needs no other file.

    Args:
        inspection (Inspection): What was found.
        data_root (str): As given to ``inspect``.
        data_prefix (dict, optional): Likewise.
        samples (int): Pictures of each file beside those of the findings.

    Returns:
        str: HTML.
    """
    thumbnails = _Thumbnails(inspection.files, data_root, data_prefix)
    page = [
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<title>Data check</title><style>{_STYLE}</style><h1>Data check</h1>'
        f'<p><b>{_counts(inspection)}</b> Checked: '
        f'{html.escape(", ".join(inspection.checked))}.</p>'
    ]
    for finding in inspection.findings:
        figures = ''.join(
            thumbnails.figure(*place) for place in finding.examples)
        page.append(f'<section class="{finding.level}"><h3>'
                    f'{html.escape(finding.check)} ({finding.level})</h3>'
                    f'<p>{html.escape(finding.message)}</p>{figures}'
                    '</section>')
    page.append('<h2>Normalisation, for the config</h2><pre>'
                f'{html.escape(config_lines(inspection))}</pre>')
    for name, values in inspection.statistics.items():
        if name == 'normalisation':
            continue
        rows = ''.join(
            f'<tr><th>{html.escape(key)}</th><td>'
            f'{html.escape(json.dumps(value))}</td></tr>'
            for key, value in values.items())
        step = max(values['images'] // max(samples, 1), 1)
        figures = ''.join(
            thumbnails.figure(name, i)
            for i in range(0, values['images'], step)[:samples])
        page.append(f'<h2>{html.escape(name)}</h2><table>{rows}</table>'
                    f'{figures}')
    return '\n'.join(page) + '</html>\n'
