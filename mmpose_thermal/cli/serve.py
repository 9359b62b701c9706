"""Serve a local web page that finds landmarks in images and videos.

  mmpose-thermal serve
  mmpose-thermal serve --model student.onnx --detector face_detector

The page also reads a webcam. It is reachable only from this machine, and
uploaded files are not kept.
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
# The buttons on a picture would hide the top of its temperature scale.
_STYLE = ('<style>.image-container:not(:hover) .icon-button-wrapper '
          '{opacity: 0}</style>')
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

    with gradio.Blocks(
            title='mmpose_thermal', delete_cache=(_KEEP_S, _KEEP_S)) as page:
        gradio.Markdown(text)
        with gradio.Row():
            with gradio.Column():
                with gradio.Tab('File'):
                    upload = gradio.File(
                        label='Thermal image, stack or video',
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
                video = gradio.Video(show_label=False, visible=False)
                files = gradio.File(label='Results', visible=False)

        def shown(analyse):
            """Analyses, and hides what the answer does not fill."""

            def run(*inputs):
                answer = analyse(*inputs)
                return answer._replace(
                    picture=gradio.update(
                        value=answer.picture, visible=not answer.video),
                    video=gradio.update(
                        value=answer.video, visible=bool(answer.video)),
                    files=gradio.update(
                        value=answer.files, visible=bool(answer.files)))

            return run

        gradio.HTML(_STYLE)
        outputs = [picture, video, table, files, message]
        gradio.on([upload.change, again.click], shown(analysis.of_file),
                  [upload, *fields], outputs)
        # As in the command, frames are dropped rather than queued.
        webcam.stream(
            shown(analysis.of_webcam), [webcam, *fields], outputs,
            stream_every=_WEBCAM_EVERY_S, concurrency_limit=1,
            trigger_mode='always_last', show_progress='hidden')
    return page


def option_fields():
    """The fields of :class:`.web_page.Settings`, in their order."""
    import gradio

    from mmpose_thermal.runtime.cameras import CAMERAS
    from mmpose_thermal.runtime.palettes import PALETTES

    from .web_page import AS_STORED, UNITS, Settings
    default = Settings()
    with gradio.Row():
        reading = [
            gradio.Dropdown([AS_STORED, *PALETTES], value=default.palette,
                            label='Palette of 8-bit images',
                            info='of radiometric JPEGs, reads the picture'),
            gradio.Dropdown([AS_STORED, *CAMERAS], value=default.camera,
                            label='Camera that recorded the frames'),
        ]
    with gradio.Row():
        turning = [
            gradio.Dropdown([0, 90, 180, 270], value=default.rotate,
                            label='Turn clockwise by degrees'),
            gradio.Checkbox(default.mirror, label='Mirror'),
        ]
    with gradio.Row():
        numbers = [
            gradio.Number(default.temperature_scale, label='Kelvin per count',
                          info='0: by pixel type'),
            gradio.Number(default.temperature_offset,
                          label='Kelvin at count 0',
                          info='273.15 for degrees Celsius'),
            gradio.Number(default.fps, label='Frames per second',
                          info='of stacks; 0: 25'),
        ]
    boxes = gradio.Textbox(default.boxes, lines=2, placeholder='find faces',
                           label='Face boxes, one X1,Y1,X2,Y2 per line')
    with gradio.Row():
        scores = [
            gradio.Slider(0, 1, default.min_box_score,
                          label='Minimum box score'),
            gradio.Slider(0, 1, default.min_face_score,
                          label='Minimum face score (0: all; 0.3 in videos)'),
        ]
    with gradio.Row():
        showing = [
            gradio.Dropdown([*UNITS], value=default.unit, label='Unit'),
            gradio.Dropdown(PALETTES, value=default.picture_palette,
                            label='Palette of the picture'),
            gradio.Checkbox(default.regions, label='Outline skin regions'),
        ]
    return [*reading, *turning, *numbers, boxes, *scores, *showing]


def introduction(landmarker) -> str:
    """The introductory text of the page."""
    text = ('# Landmarks in thermal images\n8 bits, 16 bits (centikelvin) or '
            'floats (kelvin): PNG, TIFF, NumPy, CSV, radiometric JPEG, videos.')
    if landmarker.detector is None:
        text += f' {_WHOLE_IMAGE}'
    return text
