"""The data doctor's findings as text and as one HTML page."""
import base64
import html
import json
import os.path as osp
from typing import Dict, List, Optional

import cv2
import numpy as np

from mmpose_thermal.visualization.contact_sheet import draw_landmarks

from ..datasets.thermal_face_dataset import image_fields
from ..image_files import check_inside
from ..transforms.loading import LoadThermalImage, read_image
from .findings import Inspection
from .inspection import image_folders

_THUMBNAIL_PX = 150
_FAR_PX = 1 << 14  # beyond any picture, and small enough for OpenCV to draw
_MARKS = dict(error='ERROR', warning='warning', note='note')
_STYLE = ('body{font-family:sans-serif;max-width:75em;margin:2em auto;'
          'padding:0 1em;line-height:1.4}.error{border-left:6px solid #c0392b}'
          '.warning{border-left:6px solid #e1a100}section{padding:.2em 1em;'
          'margin:1em 0;background:#f6f6f6}figure{display:inline-block;'
          'margin:.3em}figcaption{font-size:.7em;max-width:16em;'
          'overflow-wrap:anywhere}pre{background:#f6f6f6;padding:1em;'
          'overflow-x:auto}td,th{padding:.2em .8em;text-align:left;'
          'vertical-align:top}')


def config_lines(inspection: Inspection) -> str:
    """Writes the config's ``data_preprocessor`` for pairs or for one modality."""
    arguments = {
        modality: f'mean={values["mean"]}, std={values["std"]}'
        f'{", bgr_to_rgb=True" if modality == "rgb" else ""}'
        for modality, values in inspection.statistics['normalisation'].items()
    }
    if len(arguments) == 2:
        parts = ',\n'.join(f'    {modality}=dict({values})'
                           for modality, values in arguments.items())
        return ('data_preprocessor=dict(\n    type=\'PairDataPreprocessor\','
                f'\n{parts})')
    return '\n'.join(f'data_preprocessor=dict(type=\'PoseDataPreprocessor\', '
                     f'{values})' for values in arguments.values())


def _counts(inspection: Inspection) -> str:
    levels = [finding.level for finding in inspection.findings]
    return f'{levels.count("error")} errors, {levels.count("warning")} warnings.'


def _statistics_of_files(inspection: Inspection) -> Dict[str, dict]:
    return {name: values for name, values in inspection.statistics.items()
            if name != 'normalisation'}


def text_report(inspection: Inspection) -> str:
    """Formats the findings as plain text."""
    lines = []
    for name, values in _statistics_of_files(inspection).items():
        lines += [name] + [f'  {key}: {json.dumps(value)}'
                           for key, value in values.items()]
    lines += ['', 'Normalisation of the face crops, for the config:',
              config_lines(inspection), '',
              'Checked: ' + ', '.join(inspection.checked) + '.', '']
    lines += [f'{_MARKS[finding.level]} ({finding.check}): {finding.message}'
              for finding in inspection.findings]
    return '\n'.join([*lines, _counts(inspection)])


def html_report(inspection: Inspection,
                data_root: str = '',
                data_prefix: Optional[dict] = None,
                samples: int = 12) -> str:
    """Formats the findings as a self-contained HTML page.

    Args:
        inspection (Inspection): The result of ``inspect``.
        data_root (str): As passed to ``inspect``.
        data_prefix (dict, optional): As passed to ``inspect``.
        samples (int): Number of pictures per file, in addition to the findings'.
    """
    folders = image_folders(data_root, data_prefix)

    def figures(places):
        return ''.join(_figure(inspection, folders, *place) for place in places)

    page = [
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<title>Data check</title><style>{_STYLE}</style><h1>Data check</h1>'
        f'<p><b>{_counts(inspection)}</b> Checked: '
        f'{html.escape(", ".join(inspection.checked))}.</p>'
    ]
    for finding in inspection.findings:
        page.append(f'<section class="{finding.level}"><h3>'
                    f'{html.escape(finding.check)} ({finding.level})</h3>'
                    f'<p>{html.escape(finding.message)}</p>'
                    f'{figures(finding.examples)}</section>')
    page.append('<h2>Normalisation, for the config</h2><pre>'
                f'{html.escape(config_lines(inspection))}</pre>')
    for name, values in _statistics_of_files(inspection).items():
        rows = ''.join(
            f'<tr><th>{html.escape(key)}</th><td>'
            f'{html.escape(json.dumps(value))}</td></tr>'
            for key, value in values.items())
        step = max(values['images'] // max(samples, 1), 1)
        shown = [(name, i) for i in range(0, values['images'], step)[:samples]]
        page.append(f'<h2>{html.escape(name)}</h2><table>{rows}</table>'
                    f'{figures(shown)}')
    return '\n'.join(page) + '</html>\n'


def _figure(inspection: Inspection, folders: Dict[str, str], name: str,
            number: int) -> str:
    """Renders an image with landmarks and boxes, and its partner, as HTML."""
    found = inspection.files[name]
    image = found.images[number]

    def path_of(folder, field):
        path = osp.join(folders[folder], image[field])
        check_inside([path], [folders['root']])
        return path

    parts: List[str] = []
    caption = html.escape(f'{osp.basename(name)}: {image["file_name"]}')
    try:
        thermal = LoadThermalImage()(dict(
            image_fields(image), img_path=path_of('img', 'file_name')))['img']
        parts.append(_thumbnail(_drawn(thermal, [
            face for face, place in zip(found.faces, found.image_of)
            if place == number])))
        if image.get('rgb_file_name'):
            parts.append(_thumbnail(read_image(
                path_of('rgb', 'rgb_file_name'), colour=True)))
    except (ValueError, OSError, cv2.error) as error:
        if not parts:
            caption += f'<br>{html.escape(str(error))}'
    return f'<figure>{"".join(parts)}<figcaption>{caption}</figcaption></figure>'


def _drawn(image: np.ndarray, faces: List[dict]) -> np.ndarray:
    for face in faces:
        points = np.reshape(face['keypoints'], (-1, 3))
        image = draw_landmarks(
            image, points[points[:, 2] > 0, :2].clip(-_FAR_PX, _FAR_PX),
            radius_px=max(image.shape) / 160)
        x, y, width, height = face['bbox']
        low, high = np.clip([[x, y], [x + width, y + height]], -_FAR_PX,
                            _FAR_PX).astype(int).tolist()
        cv2.rectangle(image, low, high, (0, 160, 255),
                      max(max(image.shape) // 200, 1))
    return image


def _thumbnail(image: np.ndarray) -> str:
    scale = _THUMBNAIL_PX / max(image.shape[:2])
    small = cv2.resize(
        image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return ('<img src="data:image/jpeg;base64,'
            f'{base64.b64encode(jpeg.tobytes()).decode()}">')
