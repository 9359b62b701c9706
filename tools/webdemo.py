"""A local web page: drop a thermal image on it, see landmarks and temperatures.

  pip install -e .[webdemo]
  webdemo.py --model student.onnx --detector detector.onnx

It is served to this machine alone, and keeps no image.
"""
import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from mmpose_thermal.apis import ThermalLandmarker
from mmpose_thermal.runtime import draw_faces
from mmpose_thermal.runtime.frames import IMAGES

_MAX_SIZE = '20mb'
_KEEP_S = 300
_WHOLE_IMAGE = ('Started without --detector: the whole image is taken as one '
                'face.')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--model',
        required=True,
        help='NAME.onnx (exported with --decode) or NAME.pth with NAME.py '
        'beside it')
    parser.add_argument('--detector', help='face detector in the same form')
    parser.add_argument(
        '--device', help='onnx, cpu or cuda [onnx for .onnx, else cpu]')
    parser.add_argument('--port', type=int, default=7860, help='[%(default)s]')
    return parser.parse_args()


def analyse(landmarker, path):
    """What the page shows of an uploaded file: picture, table, message."""
    if path is None:
        return None, [], 'Choose an image.'
    try:
        frame = landmarker.prepare(path)
        faces = landmarker(frame)
        picture = draw_faces(frame.grey, faces, landmarker.info)
    except (OSError, ValueError) as error:
        # The upload's folder is of no interest to who uploaded it.
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


def introduction(landmarker):
    """What the page says of itself."""
    text = ('# Landmarks in thermal images\n8 bits, 16 bits (centikelvin) or '
            'floats (kelvin): PNG, TIFF, NumPy.')
    if landmarker.detector is None:
        text += f' {_WHOLE_IMAGE}'
    return text


def build_page(landmarker):
    """The page as Gradio's blocks."""
    import gradio
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


def main():
    args = parse_args()
    try:
        landmarker = ThermalLandmarker(args.model, args.device, args.detector)
    except (OSError, ValueError, NotImplementedError) as error:
        sys.exit(f'webdemo: {error}')
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
    # Ended from outside it tidies up as it does on Ctrl+C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        # Uploads lie here, and are gone when the server is.
        os.environ['GRADIO_TEMP_DIR'] = folder
        try:
            page = build_page(landmarker)
        except ImportError:
            sys.exit('webdemo: Gradio is not installed: '
                     'pip install gradio, or pip install -e .[webdemo]')
        try:
            page.launch(
                server_name='127.0.0.1',
                server_port=args.port,
                max_file_size=_MAX_SIZE,
                show_error=True,
                share=False)
        except OSError as error:
            sys.exit(f'webdemo: {error}')


if __name__ == '__main__':
    main()
