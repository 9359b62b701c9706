"""Parsers with a list of commands, and how their help looks."""
import argparse
from typing import Any, Dict, Iterator, Tuple


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of manuals, and leaves room for options."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=29)


def add_choices(parser: argparse.ArgumentParser, kind: str,
                manuals: Dict[str, str]) -> Iterator[Tuple[str, Any]]:
    """Gives a parser a parser for each choice of its first argument.

    Args:
        parser (argparse.ArgumentParser): Its help lists the choices.
        kind (str): What is chosen, ``'command'``.
        manuals (dict[str, str]): By name; their first lines are the list.

    Yields:
        tuple[str, argparse.ArgumentParser]: A choice and its parser.
    """
    metavar = kind.upper()
    choices = parser.add_subparsers(
        dest=kind, metavar=metavar, required=True,
        help=f'see below; `{parser.prog} {metavar} --help` explains it')
    width = max(map(len, manuals))
    title = f'{kind}s:'.replace('_', ' ')
    parser.epilog = '\n'.join([title, *(
        f'  {name:{width}}  {manual.splitlines()[0]}'
        for name, manual in manuals.items())])
    for name, manual in manuals.items():
        yield name, choices.add_parser(
            name, description=manual, formatter_class=HelpFormatter)
