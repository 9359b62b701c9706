"""Serve a local web page that finds landmarks in images, videos and webcams.

  mmpose-thermal serve
  mmpose-thermal serve --model student.onnx --detector face_detector

The page is reachable only from this machine. Uploaded files are not kept.
"""
import argparse
import functools
import os
import signal
import sys
import tempfile

from .parsers import add_model_arguments

_MAX_SIZE = '100mb'
_KEEP_S = 300
_KEPT_LANDMARKERS = 4
_WEBCAM_EVERY_S = .2
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
    from .web_page import Analysis

    # The options of the page are the landmarker's; each choice is kept.
    load = functools.lru_cache(_KEPT_LANDMARKERS)(functools.partial(
        load_landmarker, args.model, args.device, args.detector))
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
    # Clean up on SIGTERM as on Ctrl+C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        # Uploads are stored here and deleted when the server stops.
        os.environ['GRADIO_TEMP_DIR'] = folder
        build_page(Analysis(load), introduction(load())).launch(
            server_name='127.0.0.1',
            server_port=args.port,
            max_file_size=_MAX_SIZE,
            show_error=True,
            share=False)


def build_page(analysis, text):
    """Builds the Gradio page."""
    import gradio

    from mmpose_thermal.runtime.frames import IMAGES, VIDEOS
    with gradio.Blocks(
            title='mmpose_thermal', delete_cache=(_KEEP_S, _KEEP_S)) as page:
        gradio.Markdown(text)
        with gradio.Row():
            with gradio.Column():
                with gradio.Tab('File'):
                    upload = gradio.File(
                        label='Thermal image, stack or video',
                        file_types=[*IMAGES, *VIDEOS],
                        type='filepath')
                with gradio.Tab('Webcam'):
                    webcam = gradio.Image(
                        label='A camera that the browser can read (8 bits)',
                        sources=['webcam'],
                        streaming=True)
                with gradio.Accordion('Options', open=False):
                    fields = option_fields()
                    again = gradio.Button('Apply')
                message = gradio.Textbox(label='Result', interactive=False)
                table = gradio.Dataframe(
                    headers=['face', 'region', 'temperature', 'unit'],
                    interactive=False)
            with gradio.Column():
                picture = gradio.Image(show_label=False, interactive=False)
                video = gradio.Video(label='Video', interactive=False)
                files = gradio.File(label='Results', interactive=False)
        outputs = [picture, video, table, files, message]
        gradio.on([upload.change, again.click], analysis.of_file,
                  [upload, *fields], outputs)
        # As in the command, frames are dropped rather than queued.
        webcam.stream(
            analysis.of_webcam, [webcam, *fields], outputs,
            stream_every=_WEBCAM_EVERY_S, concurrency_limit=1,
            trigger_mode='always_last', show_progress='hidden')
    return page


def option_fields():
    """The fields of :class:`.web_page.Settings`, in their order."""
    import gradio

    from mmpose_thermal.runtime.cameras import CAMERAS
    from mmpose_thermal.runtime.palettes import PALETTES

    from .web_page import UNITS, Settings
    default = Settings()
    return [
        gradio.Dropdown(PALETTES, value=default.palette,
                        label='Palette of 8-bit images'),
        gradio.Dropdown([('as stored', ''), *((name, name) for name in CAMERAS)],
                        value=default.camera,
                        label='Camera that recorded the frames'),
        gradio.Dropdown([0, 90, 180, 270], value=default.rotate,
                        label='Turn clockwise by degrees'),
        gradio.Checkbox(default.mirror, label='Mirror'),
        gradio.Number(None, label='Kelvin per count (temperature scale)',
                      placeholder='0.01 for 16 bits, 1 for floats'),
        gradio.Number(None, label='Kelvin at count 0 (temperature offset)',
                      placeholder='0'),
        gradio.Number(None, label='Frames per second of stacks',
                      placeholder='25'),
        gradio.Textbox(default.boxes, lines=2,
                       label='Face boxes, one X1,Y1,X2,Y2 per line',
                       placeholder='empty: find faces'),
        gradio.Slider(0, 1, default.min_box_score, label='Minimum box score'),
        gradio.Slider(0, 1, default.min_face_score,
                      label='Minimum face score'),
        gradio.Dropdown([*UNITS], value=default.unit, label='Unit'),
        gradio.Dropdown(PALETTES, value=default.shown_palette,
                        label='Palette of the picture'),
    ]


def introduction(landmarker) -> str:
    """The introductory text of the page."""
    text = ('# Landmarks in thermal images\n8 bits, 16 bits (centikelvin) or '
            'floats (kelvin): PNG, TIFF, NumPy, videos.')
    if landmarker.detector is None:
        text += f' {_WHOLE_IMAGE}'
    return text
