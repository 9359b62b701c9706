"""Argument parsers with subcommands, and their help format."""
import argparse
import re
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

_NEGATIVE_LIST = re.compile(r'-[\d.]+,')


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of help texts, with a wider option column."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=29)


class CommandParser(argparse.ArgumentParser):
    """Takes inputs on both sides of an option, and lists like -1,2,3,4."""
    _has_choices = _is_intermixing = False

    def add_subparsers(self, **options):
        """Overrides the method: the choice then has to stand first."""
        self._has_choices = True
        return super().add_subparsers(**options)

    def parse_known_args(self, args=None, namespace=None):
        """Overrides the method."""
        # Before Python 3.12, intermixing loses what follows `--`.
        if self._has_choices or self._is_intermixing or '--' in args:
            return super().parse_known_args(args, namespace)
        self._is_intermixing = True  # calls this method
        try:
            return self.parse_known_intermixed_args(
                _with_negative_lists(args), namespace)
        finally:
            self._is_intermixing = False


def _with_negative_lists(words: List[str]) -> List[str]:
    """Joins an option with its list, which would look like an option."""
    joined: List[str] = []
    for word in words:
        if _NEGATIVE_LIST.match(word) and joined and \
                joined[-1].startswith('--') and '=' not in joined[-1]:
            joined[-1] += f'={word}'
        else:
            joined.append(word)
    return joined


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of :func:`.prediction_run.load_landmarker`."""
    parser.add_argument(
        '--model',
        help='use this landmark model, an exported NAME.onnx or NAME.pth with '
        'its NAME.py, instead of the shipped one')
    parser.add_argument(
        '--detector', metavar='MODEL',
        help='find faces with this model [the shipped one if --model is not '
        'given, otherwise the whole image is treated as one face]')
    parser.add_argument(
        '--device', help='run on onnx, cpu or cuda [onnx for .onnx, else cpu]')


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of :func:`input_options`."""
    parser.add_argument(
        '--camera', metavar='NAME',
        help='read frames as this camera sends them: lepton, lepton-low-gain, '
        'boson, infiray, topdon, seek or auto [auto for cameras and streams]')
    parser.add_argument(
        '--fps', type=_frame_rate, metavar='RATE',
        help='frames per second of stacks and of --sequence [25]')
    parser.add_argument(
        '--rotate', type=int, choices=[90, 180, 270], metavar='DEGREES',
        help='turn frames clockwise by 90, 180 or 270 degrees')
    parser.add_argument(
        '--mirror', action='store_true', help='swap left and right')


def add_registration_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares how the RGB images of pairs are mapped to the thermal ones."""
    parser.add_argument(
        '--aligned', action='store_true',
        help='both images of a pair show the same view: do not register them')
    parser.add_argument(
        '--per', metavar='GROUP',
        help='register the pairs of each folder, frame, dataset, or value of an '
        'image field or csv column together [session if there is such a field, '
        'else folder]')


def input_options(args: argparse.Namespace):
    """Returns the :class:`.InputOptions` that the arguments mean.

    Raises:
        ValueError: Two arguments contradict each other.
    """
    from mmpose_thermal.runtime.input_options import InputOptions
    has_unit = args.temperature_scale is not None or args.temperature_offset
    if args.camera and has_unit:
        raise ValueError(
            f'--camera {args.camera} knows the unit of its frames: leave out '
            '--temperature-scale and --temperature-offset, or --camera.')
    return InputOptions(
        palette=args.palette,
        camera=args.camera,
        live_camera=None if has_unit else 'auto',
        fps=args.fps,
        rotate=args.rotate,
        mirror=args.mirror)


def at_least_one(text: str) -> int:
    """Reads a positive whole number."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f'{text}: give a whole number from 1 on')
    return int(text)


def _frame_rate(text):
    try:
        rate = float(text)
    except ValueError:
        rate = 0.
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(
            f'{text}: give frames per second, above 0 and up to 1000')
    return rate


def add_choices(parser: argparse.ArgumentParser, kind: str,
                manuals: Dict[str, str]) -> Iterator[Tuple[str, Any]]:
    """Adds subcommands to a parser.

    Args:
        parser (argparse.ArgumentParser): The parent, whose help will list the
            subcommands.
        kind (str): What the subcommands are, for example ``'command'``.
        manuals (dict[str, str]): Help texts by name; the first lines appear in
            the list.

    Yields:
        tuple[str, argparse.ArgumentParser]: Name and parser of a subcommand.
    """
    metavar = kind.upper()
    choices = parser.add_subparsers(
        dest=kind, metavar=metavar, required=True, parser_class=CommandParser,
        help=f'see below and `{parser.prog} {metavar} --help`')
    width = max(map(len, manuals))
    title = f'{kind}s:'.replace('_', ' ')
    parser.epilog = '\n'.join([title, *(
        f'  {name:{width}}  {manual.splitlines()[0]}'
        for name, manual in manuals.items())])
    for name, manual in manuals.items():
        yield name, choices.add_parser(
            name, description=manual, formatter_class=HelpFormatter)


def one_model(words: Optional[List[str]],
              option: str) -> Union[None, str, List[str]]:
    """The model that an option names: one word, or a config and a checkpoint.

    Raises:
        ValueError: There are more words.
    """
    if words is None:
        return None
    if len(words) > 2:
        raise ValueError(f'{option} {" ".join(words)}: give one model, or a config '
                         'and a checkpoint.')
    return words if len(words) == 2 else words[0]
