"""The pages build without a warning, and their commands work."""
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

import pytest
from conftest import REPOSITORY

from mmpose_thermal.cli import main

PAGES = [REPOSITORY / 'README.md', *sorted((REPOSITORY / 'docs').rglob('*.md'))]
# The later of each chain need what the first has trained.
TUTORIALS = (
    ('get_started', 'tutorials/new_loss', 'tutorials/new_student',
     'tutorials/new_head', 'tutorials/unaligned_cameras', 'tutorials/edge_board'),
    ('tutorials/own_pairs', 'tutorials/new_dataset'))
_BLOCK = re.compile(r'^```bash\n(.*?)^```', re.M | re.S)
# Prints what would be run instead of running it.
_RECORD = r'''
record() { printf '\036'; printf '%s\037' "$@"; }
for name in python bash pip mim mmpose-thermal; do
    eval "$name() { record $name \"\$@\"; }"
done
source() { :; }
'''


def blocks(path):
    return _BLOCK.findall(path.read_text())


def commands(block, folder):
    """Tools and commands that a block of shell would run, with arguments."""
    block = block.replace('.venv/bin/', '')
    printed = subprocess.run(['bash', '-c', _RECORD + block], cwd=folder,
                             capture_output=True, text=True).stdout
    for record in printed.split('\x1e')[1:]:
        program, *words = record.split('\x1f')[:-1]
        if program == 'mmpose-thermal':
            yield program, words
        elif words and words[0].startswith('tools/'):
            yield words[0], words[1:]


def all_commands():
    with tempfile.TemporaryDirectory() as folder:
        for page in PAGES:
            # The benchmark's own pages are written by its runner.
            if 'benchmark' not in page.parent.parts:
                for block in blocks(page):
                    yield from commands(block, folder)


COMMANDS = list(all_commands())


class Parsed(Exception):
    pass


@pytest.mark.parametrize(
    'tool, arguments', COMMANDS,
    ids=[' '.join([tool, *rest])[:80] for tool, rest in COMMANDS])
def test_commands_are_what_the_tools_take(tool, arguments, monkeypatch):
    """Each command of each page, up to where its tool has read it."""
    if tool.endswith('.sh'):
        assert (REPOSITORY / tool).is_file()
        return
    parse = ArgumentParser.parse_args

    def parsed(self, *given, **options):
        parse(self, *given, **options)
        raise Parsed

    monkeypatch.setattr(ArgumentParser, 'parse_args', parsed)
    monkeypatch.setattr(sys, 'argv', [tool, *arguments])
    monkeypatch.syspath_prepend(str(REPOSITORY / tool).rsplit('/', 1)[0])
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(Parsed):
        if tool == 'mmpose-thermal':
            main(arguments)
        else:
            runpy.run_path(tool, run_name='__main__')


def test_there_are_commands():
    assert len(COMMANDS) > 60
    assert {'tools/train.py', 'mmpose-thermal'} < {
        tool for tool, _ in COMMANDS}


def test_files_that_pages_name_exist():
    """Links between pages are Sphinx's to check, those out of docs/ ours."""
    for page in PAGES:
        for link in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)',
                               page.read_text()):
            assert (page.parent / link).exists(), (page, link)
        for name in re.findall(r'`((?:configs|tools|tests|mmpose_thermal)/'
                               r'[\w./-]+)`', page.read_text()):
            assert (REPOSITORY / name).exists(), (page, name)


@pytest.mark.long
def test_pages_build_without_warnings(tmp_path):
    pytest.importorskip('sphinx')
    pytest.importorskip('myst_parser')
    pytest.importorskip('furo')
    ended = subprocess.run(
        [sys.executable, '-m', 'sphinx', '-W', '-q', '-d',
         str(tmp_path / 'trees'), 'docs', str(tmp_path / 'html')],
        cwd=REPOSITORY, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    api = (tmp_path / 'html/api.html').read_text()
    for name in ('CrossModalDistiller', 'DIKDLoss', 'ThermalFaceDataset',
                 'ThermalLandmarker', 'FaceAlignmentMetric'):
        assert name in api


@pytest.mark.long
@pytest.mark.parametrize('names', TUTORIALS, ids=lambda names: names[0])
def test_tutorials_run_as_they_are_written(tmp_path, names):
    """All shell blocks of these pages, one after the other."""
    for name in ('configs', 'tools', 'mmpose_thermal', 'requirements',
                 'setup.py', 'README.md'):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / '.venv/bin').mkdir(parents=True)
    (tmp_path / '.venv/bin/activate').write_text('')
    path = f'{Path(sys.executable).parent}:{os.environ["PATH"]}'
    for name in names:
        for block in blocks(REPOSITORY / f'docs/{name}.md'):
            block = block.replace('bash tools/install.sh', 'true')
            ended = subprocess.run(
                ['bash', '-euo', 'pipefail', '-c', block], cwd=tmp_path,
                env=dict(os.environ, PATH=path, PYTHONPATH=str(REPOSITORY)),
                capture_output=True, text=True)
            assert ended.returncode == 0, (name, block, ended.stderr[-2000:])
    shutil.rmtree(tmp_path / 'work_dirs')


def test_each_tool_is_run_by_a_test():
    """What makes the numbers of the pages is run in small, at the least."""
    tests = '\n'.join(path.read_text() for path in
                      (REPOSITORY / 'tests').rglob('*.py'))
    tools = [path.relative_to(REPOSITORY / 'tools').with_suffix('')
             for path in (REPOSITORY / 'tools').rglob('*')
             if path.suffix in ('.py', '.sh')]
    # The tests themselves are run by these; four are parts of others.
    own = {'run_tests', 'install', 'environment', 'check_style', 'errors_files',
           'landmark_models', 'peer_distillers', 'distillation_floor'}
    missing = [str(tool) for tool in tools if tool.name not in own and
               tool.name.replace('2coco', '') not in tests]
    assert not missing


def test_figures_are_drawn(run_tool, tmp_path):
    run_tool('dev/draw_concepts', '--out-dir', tmp_path)
    for name in ('concepts.png', 'architecture.png'):
        assert (tmp_path / name).stat().st_size > 20000
