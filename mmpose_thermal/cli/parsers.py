"""Argument parsers with subcommands, and their help format."""
import argparse
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of help texts, with a wider option column."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=29)


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
        dest=kind, metavar=metavar, required=True,
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
