"""The tools that evaluate, compare and plot."""
import json
import os
import shlex
import subprocess

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from conftest import REPOSITORY, face_errors
from test_tools import run

CONFIGS = REPOSITORY / 'configs/thermal_face_2d_keypoint'


@pytest.fixture
def errors(tmp_path):
    """Files of two models' errors on the same faces."""
    paths = []
    for index in range(12):
        cv2.imwrite(str(tmp_path / f'{index}.png'),
                    np.full((100, 100), 90, np.uint8))
    for name, error_px in (('one', 3.), ('two', 2.)):
        faces = face_errors(
            error_px=error_px,
            images=[str(tmp_path / f'{i}.png') for i in range(12)])
        paths.append(tmp_path / name / 'errors.json')
        faces.save(str(paths[-1]))
    return paths


@pytest.mark.parametrize('tool, arguments', [
    ('plot_ced', ['--limit', '.3']),
    ('plot_face_map', []),
    ('plot_error_by', ['--field', 'yaw_deg', '--absolute', '--bins', '3']),
    ('plot_error_by', ['--field', 'size']),
])
def test_plots_are_written_as_png_and_svg(run_tool, errors, tmp_path, tool,
                                          arguments):
    out = tmp_path / 'plots' / 'name'
    printed = run_tool(f'analysis_tools/{tool}', *errors, *arguments, '--out',
                       out)
    assert printed.split()[-2:] == [f'{out}.png', f'{out}.svg']
    assert cv2.imread(f'{out}.png') is not None
    text = open(f'{out}.svg').read()
    # files of one name are told apart by their folders
    assert 'one' in text and 'two' in text


def test_compare_runs(run_tool, errors, tmp_path):
    printed = run_tool('analysis_tools/compare_runs', *errors, '--by',
                       'yaw_deg:0,50,110', '--out', tmp_path / 'out.json')
    found = json.loads((tmp_path / 'out.json').read_text())
    one, two = (100 * face_errors(error_px=e).nme() for e in (3, 2))
    assert found['one']['NME'] == pytest.approx(one.mean(), rel=1e-3)
    assert found['two']['difference']['mean'] == pytest.approx(
        (two - one).mean(), rel=1e-2)
    assert found['two']['parts']['yaw_deg 0 to 50 (5)'] == pytest.approx(
        two[:5].mean(), rel=1e-3)
    assert 'region nose' in printed


def test_show_worst(run_tool, errors, tmp_path):
    run_tool('analysis_tools/show_worst', errors[0], '--count', '3', '--out',
             tmp_path / 'worst.png')
    assert cv2.imread(str(tmp_path / 'worst.png')) is not None


def test_plot_training_joins_the_parts_of_a_resumed_run(run_tool, tmp_path):
    for part, steps in (('20260101_000000', (10, 20)),
                        ('20260101_000100', (20, 30))):
        folder = tmp_path / 'run' / part / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'scalars.json').write_text('\n'.join(
            json.dumps(dict(step=s, lr=1, loss_kpt=1 / s)) for s in steps))
    run_tool('analysis_tools/plot_training', tmp_path / 'run', '--out',
             tmp_path / 'curves')
    assert (tmp_path / 'curves.svg').exists()
    with pytest.raises(SystemExit, match='no log of a training'):
        run_tool('analysis_tools/plot_training', tmp_path)


@pytest.mark.parametrize('tool, arguments, message', [
    ('plot_ced', ['--titles', 'a'], '2 files need as many different titles'),
    ('plot_error_by', ['--field', 'beard'], 'no face has the field "beard"'),
    ('compare_runs', ['--by', 'subject_id:3,1'], 'must be ascending'),
])
def test_wrong_arguments_are_explained(run_tool, errors, tool, arguments,
                                       message):
    with pytest.raises(SystemExit, match=message):
        run_tool(f'analysis_tools/{tool}', *errors, *arguments)


def test_files_of_other_kinds_and_faces_are_refused(run_tool, errors):
    face_errors(count=5).save(str(errors[1]))
    with pytest.raises(SystemExit, match='different faces'):
        run_tool('analysis_tools/compare_runs', *errors)
    errors[1].write_text('{}')
    with pytest.raises(SystemExit, match='does not hold the errors'):
        run_tool('analysis_tools/plot_ced', *errors)


def test_benchmark_metric(run_tool):
    printed = run_tool('dev/benchmark_metric', '--faces', '20',
                       '--points', '8', '--repeats', '1')
    assert "MMPose's NME" in printed


@pytest.mark.long
def test_run_benchmark_end_to_end(pairs_root, tmp_path, run_tool,
                                  monkeypatch, capsys):
    """Recipe -> trainings and tests by the real tools -> report, resumed."""
    monkeypatch.chdir(REPOSITORY)
    recipe = tmp_path / 'recipe.py'
    recipe.write_text(f'''
_configs = 'configs/thermal_face_2d_keypoint/'
data_root = {str(pairs_root)!r}
options = {{
    'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1,
    'train_dataloader.batch_size': 6,
    **{{f'{{_split}}_dataloader.{{_key}}': _value
       for _split in ('train', 'val', 'test')
       for _key, _value in (('num_workers', 0), ('persistent_workers', False))}}}}
runs = dict(
    rgb=dict(config=_configs + 'topdown_heatmap/synthetic/td-hm_res18-w32_'
             '1xb32-10e_synthetic-rgb-96x96.py',
             options={{'model.backbone.base_channels': 8,
                      'model.head.in_channels': 16 + 32 + 64}}),
    ktl=dict(config=_configs + 'mlcm_kd/synthetic/ktl-dikd_res18-w32_1xb32-'
             '20e_synthetic-96x96.py', teacher='rgb',
             options={{'model.student.checkpoint': None}}))
tables = [dict(title='Tiny', rows=['rgb', 'ktl'], baseline='rgb')]
''')
    arguments = ['tools/analysis_tools/run_benchmark.py', recipe, '--work-dir',
                 tmp_path / 'runs']
    printed = run(*arguments).stdout
    assert '[2/2] ktl/seed0' in printed and '## Tiny' in printed
    report = (tmp_path / 'runs/report_recipe/README.md').read_text()
    assert '| ktl |' in report
    # the student of a narrow teacher is as wide as its own config says
    rows = [line.split('|') for line in report.splitlines() if '| 1 |' in line]
    assert len(rows) == 2 and rows[0][6:8] != rows[1][6:8]

    # the command that the report names trains nothing again
    command = shlex.split(report.split('Reproduced by: `')[1].split('`')[0])
    printed = run_tool('analysis_tools/run_benchmark', *command[2:])
    assert printed.count('done before') == 2
    with pytest.raises(SystemExit) as ended:
        run_tool('analysis_tools/run_benchmark', recipe, '--only', 'k')
    assert ended.value.code == 2


@pytest.mark.long
def test_inference_is_timed_side_by_side(save_student, run_tool, tmp_path):
    config = save_student()[:-4] + '.py'
    out = tmp_path / 'speed.json'
    printed = run_tool('analysis_tools/benchmark_inference', config,
                       '--seconds', .01, '--threads', 1, '--out', out)
    content = json.loads(out.read_text())
    cells = content['results'][0]['threads']['1']
    for batch in ('1', '16'):
        assert set(cells[batch]) == {
            'inference_topdown', 'pytorch', 'torchscript', 'onnx', 'onnx-int8'}
        assert all(way['p95_ms'] >= way['p50_ms'] > 0
                   for way in cells[batch].values())
    whole = cells['end_to_end']
    assert set(whole) == {'bare', 'npy', 'npy_celsius', 'npy_stream', 'png',
                          'png_celsius', 'png_stream', 'npy_int8_stream'}
    assert whole['npy'] < whole['bare']
    # What has no PyTorch in it needs less memory.
    memory = content['results'][0]['memory_mb']
    assert memory['onnx'] < .5 * memory['pytorch']
    assert printed.count('\n|---|') == 4


@pytest.mark.long
def test_peers_are_timed_side_by_side(save_student, run_tool):
    checkpoint = save_student()
    printed = run_tool('analysis_tools/benchmark_peers', checkpoint[:-4] + '.py',
                       checkpoint, '--seconds', .01)
    rows = [[cell.strip() for cell in line.split('|')[1:-1]]
            for line in printed.splitlines() if line[:1] == '|']
    assert rows[0] == ['', 'faces/s', 'times inference_topdown']
    rates = {row[0]: float(row[1]) for row in rows[2:]}
    assert {'ours', 'ours, four faces', 'ours, int8', 'ours, int8, four faces',
            'ours, temperatures and measures', 'inference_topdown'} <= set(rates)
    assert rates['ours, four faces'] > rates['ours'] > rates['inference_topdown']


@pytest.mark.long
def test_live_frames_are_timed_with_and_without_a_tracker(run_tool):
    printed = run_tool('analysis_tools/benchmark_live', '--frames', 4, '--faces', 1)
    rows = [[cell.strip() for cell in line.split('|')[1:-1]]
            for line in printed.splitlines() if line[:3] == '| 1']
    assert [row[1] for row in rows] == ['in every frame', 'in every tenth, tracker']
    every, tenth = (dict(found=float(row[2]), median_ms=float(row[4]))
                    for row in rows)
    assert every['found'] == tenth['found'] == 1
    assert tenth['median_ms'] < every['median_ms']
    assert 0 < float(printed.split('| **all** | ')[1].split()[0])


def test_roofline_tells_what_each_kind_of_node_computes(run_tool, tmp_path):
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(rng.random(shape, np.float32), name)
               for name, shape in (('wide', (32, 3, 3, 3)), ('deep', (32, 1, 5, 5)))]
    graph = helper.make_graph([
        helper.make_node('Conv', ['image', 'wide'], ['a'], pads=[1] * 4),
        helper.make_node('Conv', ['a', 'deep'], ['b'], pads=[2] * 4, group=32),
        helper.make_node('Softmax', ['b'], ['c'])
    ], 'tiny', [helper.make_tensor_value_info(
        'image', TensorProto.FLOAT, ['batch', 3, 64, 64])], [
            helper.make_tensor_value_info('c', TensorProto.FLOAT, None)], weights)
    save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8),
        tmp_path / 'tiny.onnx')
    printed = run_tool('analysis_tools/roofline', tmp_path / 'tiny.onnx',
                       '--batch', 2, '--seconds', .05)
    rows = {row[1].strip(): row[2:-1] for row in (
        line.split('|') for line in printed.splitlines() if line[:1] == '|')}
    milliseconds = float(printed.split('Batch 2: ')[1].split(' ms')[0])
    for name, macs in (('Conv 3x3', 32 * 27), ('depthwise Conv 5x5', 32 * 25)):
        count, share, rate = rows[name][:3]
        spent_ms = milliseconds * float(share.strip(' %')) / 100
        assert int(count) == 1
        assert float(rate) * spent_ms * 1e6 == pytest.approx(
            2 * 64**2 * macs, rel=.1)
    assert float(rows['Softmax'][2]) == 0
    assert rows['**all**'][1].strip() == '100.0%'


def test_steps_are_timed_side_by_side(run_tool, tmp_path):
    out = tmp_path / 'steps.json'
    printed = run_tool('analysis_tools/benchmark_training', '--batch', 2,
                       '--rounds', 1, '--out', out)
    numbers = json.loads(out.read_text())
    assert {'plain', 'plain, MMPose', 'teacher forward', 'DIKD', 'DIKD, unlabelled',
            'DIKD, two teachers', 'FD+LD', 'FD+LD, MMRazor style',
            'FD+LD, naive loop'} <= set(numbers['ms'])
    # Ours waits for no value that the plain step does not wait for: both look
    # at the sizes of the images, which are on the host, once a modality (with
    # PyTorch 2.1 that is two reads).
    reads = {name: value['reads'] for name, value in numbers['reads'].items()}
    assert reads['DIKD'] == 2 * reads['plain'] and reads['plain'] in (1, 2)
    assert reads['DIKD, unlabelled'] == reads['DIKD, two teachers'] == reads['DIKD']
    assert {'DIKD / floor', 'DIKD, unlabelled / floor', 'MMRazor style / ours',
            'DIKD, two teachers / floor of two'} <= set(numbers['ratios'])
    assert '\n| DIKD, unlabelled / floor |' in printed
    with pytest.raises(SystemExit, match='--amp needs a GPU'):
        run_tool('analysis_tools/benchmark_training', '--device', 'cpu',
                 '--amp', 'bfloat16')


def test_compiled_steps_are_timed_against_plain_ones(run_tool):
    import torch._dynamo
    with torch._dynamo.config.patch(disable=True):  # compiling takes a minute
        printed = run_tool('analysis_tools/benchmark_training', '--batch', 2,
                           '--rounds', 1, '--compile', 'both')
    assert '\n| DIKD, both compiled |' in printed
    assert '\n| DIKD / both compiled |' in printed


@pytest.mark.parametrize('options', [[], ['--device', 'cpu', '--small']])
def test_gpu_report_goes_on_after_a_failure(tmp_path, options):
    fake = tmp_path / 'python'
    fake.write_text('#!/bin/sh\ncase "$*" in *synthetic_pairs*) echo broken >&2; '
                    'exit 3;; *loading*) exec sleep 9;; *) echo ran "$@";; esac\n')
    fake.chmod(0o755)
    report = subprocess.run(
        ['bash', REPOSITORY / 'tools/dev/gpu_report.sh', '--no-venv', *options],
        check=True, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, PYTHON=str(fake), SECONDS_IN_ALL='10')).stdout
    assert 'Failed** with status 3' in report and '\nbroken\n' in report
    assert 'Failed** with status 124' in report  # too slow
    assert report.count('\nran ') == 6
    assert ('--amp bfloat16 --batch 64' in report) is (not options)
    for which in ('teacher', 'both'):
        assert report.count(f'--compile {which}\n') == 2


def test_loading_is_timed_with_kept_images(pairs_root, run_tool):
    pytest.importorskip('lmdb')
    printed = run_tool('dev/benchmark_loading', '--data-root',
                       pairs_root, '--samples', 16, '--rounds', 1,
                       '--workers', 0)
    assert 'from files' in printed and 'kept in memory' in printed
    assert 'MMPose, two passes, one target' in printed
    with pytest.raises(SystemExit, match='does not exist'):
        run_tool('dev/benchmark_loading', '--data-root', '/none')
