"""The front door: its help, what it imports, and how it says what is wrong."""
import json
import multiprocessing
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY

from mmpose_thermal import components
from mmpose_thermal.cli import COMMANDS, build_parser, main
from mmpose_thermal.deployment import FORMATS, PRECISIONS
from mmpose_thermal.datasets.alignment import MODELS

DATA_SETS = ('sftl54', 'tfw', 'tfake', 'charlotte', 'rwth', 'carl_visth',
             'labelme')
# As pip's console script, with some packages made absent before it starts, and
# what it has imported told at the end.
_SCRIPT = '''
import sys
sys.modules.update(dict.fromkeys({absent}))
from mmpose_thermal.cli import main
status = main()
print('imported', sorted({slow} & set(
    name for name, module in sys.modules.items() if module)))
sys.exit(status)
'''
# With these, the first face would take longer than half a second.
SLOW = {'torch', 'mmengine', 'mmcv', 'mmdet', 'mmpose', 'onnx', 'openvino',
        'scipy', 'sympy', 'pandas', 'matplotlib', 'PIL', 'gradio', 'flyr',
        'tifffile', 'lmdb', 'multiprocessing', 'importlib.metadata'}
TRAINING_SIDE = ['torch', 'mmengine', 'mmcv', 'mmdet', 'mmpose']


@pytest.fixture
def console_script(tmp_path):
    """Runs the command line in a process of its own."""

    def console_script(*arguments, absent=(), stdout=subprocess.PIPE):
        script = tmp_path / 'bin/mmpose-thermal'
        script.parent.mkdir(exist_ok=True)
        script.write_text(_SCRIPT.format(absent=list(absent), slow=SLOW))
        return subprocess.run(
            [sys.executable, script, *map(str, arguments)],
            stdout=stdout, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, PYTHONPATH=str(REPOSITORY)))

    return console_script


@pytest.mark.parametrize('command', [
    (), *((name, ) for name in COMMANDS),
    *(('convert', name) for name in DATA_SETS)])
def test_help_is_one_sentence_and_fits_the_screen(command, capsys,
                                                  monkeypatch):
    monkeypatch.setenv('COLUMNS', '80')
    with pytest.raises(SystemExit) as ended:
        main([*command, '--help'])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(' '.join(['usage: mmpose-thermal', *command]))
    assert max(map(len, lines)) <= 80 and '\t' not in ''.join(lines)
    summary = next(line for line in lines[1:] if line[:1].isupper())
    assert summary.endswith('.')
    if not command:
        assert len(lines) <= 24
        assert all(f'\n  {name}' in '\n'.join(lines) for name in COMMANDS)


@pytest.mark.parametrize('arguments', [
    (), ('unknown', ), ('predict', ), ('convert', 'unknown'),
    ('benchmark', 'recipe.py', '--seeds', 'a'),
    ('predict', 'a.png', '--max-frames', '-1'), ('predict', 'a', '--fps', 'x'),
    ('predict', 'a.png', '--detect-every', '0')])
def test_wrong_commands_end_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert 'error: ' in capsys.readouterr().err


def test_a_recipe_that_cannot_be_followed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr('signal.signal', lambda *_: None)
    assert main(['benchmark', str(tmp_path / 'gone.py')]) == 2
    assert 'error: ' in capsys.readouterr().err


@pytest.mark.parametrize('script, command', [
    ('demo', 'predict'), ('webdemo', 'serve'), ('deployment/export', 'export'),
    ('misc/browse_dataset', 'browse'), ('misc/check_dataset', 'check'),
    ('misc/register_pairs', 'register'),
    *((f'dataset_converters/{name}2coco', f'convert {name}')
      for name in DATA_SETS)])
def test_scripts_are_the_same_commands(run_tool, script, command):
    assert run_tool(script, '--help').startswith(
        f'usage: mmpose-thermal {command} ')


def test_choices_are_those_of_the_functions_behind():
    """Written out in the parsers, since reading them would import PyTorch."""
    parse = build_parser().parse_args
    for option, values in (('--format', FORMATS), ('--precision', PRECISIONS)):
        for value in values:
            parse(['export', 'config.py', 'a.pth', option, value])
    for value in MODELS:
        parse(['register', 'a.json', '--model', value])


@pytest.mark.parametrize('words, inputs', [
    ('a.jpg --rotate 180 b.jpg', ['a.jpg', 'b.jpg']),
    ('--mirror a --box=1,2,3,4 b --fps 8 c', ['a', 'b', 'c']),
    ('--mirror -- -a.png b', ['-a.png', 'b'])])
def test_inputs_may_stand_among_options(words, inputs):
    assert build_parser().parse_args(
        ['predict', *words.split()]).inputs == inputs


def test_boxes_may_start_left_of_the_image():
    args = build_parser().parse_args(
        'predict --box -10,10,40,40 a --box -.5,1,2,3'.split())
    assert args.box == ['-10,10,40,40', '-.5,1,2,3'] and args.inputs == ['a']


@pytest.mark.parametrize('absent', [[], TRAINING_SIDE],
                         ids=['with PyTorch', 'without'])
def test_predict_imports_nothing_slow(console_script, onnx, tmp_path, absent):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((90, 90), 30500, np.uint16))
    ended = console_script('predict', '--model', onnx, '--out-dir',
                           tmp_path / 'out', tmp_path / 'a.png', absent=absent)
    assert ended.returncode == 0, ended.stderr
    assert '1 frames, 1 faces, 0 problems' in ended.stdout
    assert 'imported []' in ended.stdout
    assert (tmp_path / 'out/a.png').exists()


@pytest.mark.parametrize('package, remedy, command', [
    ('torch', 'tools/install.sh', 'export config.py a.pth'),
    ('torch', 'tools/install.sh', 'predict --model a.pth a.png'),
    ('cv2', 'pip install opencv-python',
     'predict --model a.onnx a.png')])
def test_what_is_missing_is_one_line(console_script, package, remedy, command):
    absent = TRAINING_SIDE if package == 'torch' else [package]
    ended = console_script(*command.split(), absent=absent)
    assert ended.returncode == 1
    line, = ended.stderr.splitlines()
    assert line.startswith(f'error: `mmpose-thermal {command.split()[0]}` '
                           f'needs {package}, which is not installed: ')
    assert remedy in line


@pytest.mark.parametrize('program, original, process, expected', [
    ('/usr/bin/mmpose-thermal', (), 'MainProcess', True),
    (r'mmpose-thermal.exe', (), 'MainProcess', True),
    ('-m', ('python', '-m', 'mmpose_thermal.cli', 'info'), 'MainProcess', True),
    ('-m', ('python', '-m', 'my_package'), 'MainProcess', False),
    ('tools/train.py', (), 'MainProcess', False),
    ('', (), 'MainProcess', False),
    ('/usr/bin/mmpose-thermal', (), 'SpawnProcess-1', False)])
def test_only_the_command_line_registers_later(
        monkeypatch, program, original, process, expected):
    monkeypatch.setattr(sys, 'argv', [program])
    monkeypatch.setattr(sys, 'orig_argv', list(original), raising=False)
    monkeypatch.setattr(multiprocessing.current_process(), '_name',
                        process)
    assert components.is_command_line() is expected


def test_info_tells_what_is_installed(console_script):
    ended = console_script('info', absent=[*TRAINING_SIDE, 'onnx'])
    assert ended.returncode == 0, ended.stderr
    assert f'numpy {np.__version__}' in ended.stdout
    assert 'torch is missing' in ended.stdout
    assert "onnx is missing\n  pip install onnx" in \
        ended.stdout
    assert 'models that ship with it: ' in ended.stdout
    assert 'landmarks' in ended.stdout


@pytest.mark.parametrize('arguments, message', [
    (('register', '{}'), 'It is a folder: give a file'),
    (('predict', '{}/a.png', '--out-dir', '{}/file'), 'It is a file: choose another')])
def test_errors_of_the_system_say_what_to_do(arguments, message, tmp_path):
    (tmp_path / 'file').write_text('')
    assert message in main([each.format(tmp_path) for each in arguments])


def test_nobody_reads_the_output(console_script):
    reader, writer = os.pipe()
    os.close(reader)
    ended = console_script('info', stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, '')


def test_info_describes_a_model(run_cli, onnx, tmp_path):
    printed = run_cli('info', onnx)
    for text in ('landmarks, fp32', '64 x 64 pixels, grey levels',
                 'keypoints, scores, spreads, in input pixels', 'points: 68, ', 'nose'):
        assert text in printed
    assert '128 x 128 pixels' in run_cli('info', 'landmarks')
    (tmp_path / 'a.onnx.json').write_text(json.dumps(dict(task='landmarks')))
    for name, message in (('a.onnx', 'is not a model description'),
                          ('gone.onnx', 'gone.onnx does not exist')):
        with pytest.raises(SystemExit, match=f'error: .*{message}'):
            run_cli('info', tmp_path / name)
