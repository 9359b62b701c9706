"""Serve a local web page that finds landmarks in uploaded images.

  mmpose-thermal serve
  mmpose-thermal serve --model student.onnx --detector face_detector

The page is reachable only from this machine. Uploaded images are not kept.
"""
import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from .parsers import add_model_arguments

_MAX_SIZE = '20mb'
_KEEP_S = 300
_WHOLE_IMAGE = ('Started without --detector: the whole image is treated as one '
                'face.')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_model_arguments(parser)
    parser.add_argument(
        '--port', type=int, default=7860,
        help='serve at http://127.0.0.1:PORT [%(default)s]')


def run(args: argparse.Namespace) -> None:
    """Serves the page until interrupted."""
    from .prediction_run import load_landmarker
    landmarker = load_landmarker(args.model, args.device, args.detector)
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
    # Clean up on SIGTERM as on Ctrl+C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        # Uploads are stored here and deleted when the server stops.
        os.environ['GRADIO_TEMP_DIR'] = folder
        build_page(landmarker).launch(
            server_name='127.0.0.1',
            server_port=args.port,
            max_file_size=_MAX_SIZE,
            show_error=True,
            share=False)


def build_page(landmarker):
    """Builds the Gradio page."""
    import gradio

    from mmpose_thermal.runtime.frames import IMAGES
    with gradio.Blocks(
            title='mmpose_thermal', delete_cache=(_KEEP_S, _KEEP_S)) as page:
        gradio.Markdown(introduction(landmarker))
        with gradio.Row():
            with gradio.Column():
                upload = gradio.File(
                    label='Thermal image',
                    file_types=list(IMAGES),
                    type='filepath')
                message = gradio.Textbox(label='Result', interactive=False)
                table = gradio.Dataframe(
                    headers=['face', 'region', 'degrees Celsius'],
                    interactive=False)
            picture = gradio.Image(show_label=False, interactive=False)
        upload.change(
            lambda path: analyse(landmarker, path), upload,
            [picture, table, message])
    return page


def introduction(landmarker) -> str:
    """The introductory text of the page."""
    text = ('# Landmarks in thermal images\n8 bits, 16 bits (centikelvin) or '
            'floats (kelvin): PNG, TIFF, NumPy.')
    if landmarker.detector is None:
        text += f' {_WHOLE_IMAGE}'
    return text


def analyse(landmarker, path):
    """Processes an uploaded file; returns picture, table and message."""
    from mmpose_thermal.runtime import draw_faces
    if path is None:
        return None, [], 'Choose an image.'
    try:
        frame = landmarker.prepare(path)
        faces = landmarker(frame)
        picture = draw_faces(frame.grey, faces, landmarker.info)
    except (OSError, ValueError) as error:
        # Hide the temporary upload folder from the user.
        return None, [], str(error).replace(str(path), Path(path).name)
    rows = []
    for number, face in enumerate(faces):
        found = face.to_dict()
        rows += [[number, region, value if value is not None else 'not seen']
                 for region, value in found.get('skin_celsius', {}).items()]
    message = f'{len(faces)} face{"" if len(faces) == 1 else "s"}.'
    if faces and not rows:
        message += ' No temperatures: ' + (
            frame.problem or 'the image is not radiometric (16 bits or '
            'floats).')
    return picture[..., ::-1], rows, message
