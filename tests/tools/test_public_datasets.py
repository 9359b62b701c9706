"""The researcher's way with each public set: convert, check, look, train,
evaluate; with the set's own config, on its miniature."""
import json
import runpy
import sys

import public_dataset_trees
import pytest
from conftest import REPOSITORY, new_runner
from mmengine.config import Config

ROUTES = dict(
    sftl54=(public_dataset_trees.write_sftl54, []),
    tfake=(public_dataset_trees.write_tfake,
           ['--val-share', '.2', '--test-share', '.2']),
    tfw=(public_dataset_trees.write_tfw, ['--rgb', 'speakingfaces']),
    charlotte=(public_dataset_trees.write_charlotte, []),
    rwth=(public_dataset_trees.write_rwth,
          ['--val-subjects', '1', '--test-subjects', '2']),
    carl_visth=(public_dataset_trees.write_carl, [
        '--labels', 'labels', '--val-subjects', '1', '--test-subjects', '2'
    ]),
    labelme=(public_dataset_trees.write_labelme, [
        '--rgb', 'visible', '--temperature-scale', '.01', '--val-subjects',
        '1', '--test-subjects', '2'
    ]))
CONFIGS = REPOSITORY / 'configs/thermal_face_2d_keypoint/topdown_heatmap'


@pytest.fixture
def run(monkeypatch):

    def run(name, *arguments):
        script = str(REPOSITORY / f'tools/{name}.py')
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        try:
            runpy.run_path(script, run_name='__main__')
        except SystemExit as exit_:
            return exit_.code
        return 0

    return run


@pytest.mark.parametrize('name', ROUTES)
def test_from_download_to_numbers(run, name, pairs_root, tmp_path, capsys,
                                  plain_config_text):
    write, arguments = ROUTES[name]
    root = tmp_path / 'data'
    write(root, public_dataset_trees.load_samples(pairs_root))
    assert run(f'dataset_converters/{name}2coco', root, '--jobs', 1,
               *arguments) == 0

    files = [root / f'annotations/{s}.json' for s in ('train', 'val', 'test')]
    report = tmp_path / 'check.json'
    assert run('misc/check_dataset', *files, '--jobs', 1, '--json',
               report) == 0, capsys.readouterr().out
    statistics = json.loads(report.read_text())['statistics']
    assert all(statistics[str(file)]['faces'] for file in files)

    # Someone's own data have no config of their own.
    path, = CONFIGS.glob(
        'synthetic/td-hm_shufflenetv2-w0.5_*-thermal-*.py' if name ==
        'labelme' else f'{name}/td-hm_shufflenetv2_*-thermal-*.py')
    options = [f'{split}_dataloader.dataset.data_root={root}/'
               for split in ('train', 'val', 'test')]
    assert run('misc/browse_dataset', path, '--number', 2, '--out-dir',
               tmp_path / 'browse', '--cfg-options', *options) == 0
    assert len(list((tmp_path / 'browse').glob('*.png'))) == 2

    config = Config.fromfile(str(path))
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.dataset.data_root = f'{root}/'
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    config.train_dataloader.batch_size = 3
    config.train_dataloader.dataset.indices = 6
    config.train_cfg.max_epochs = 1
    config.param_scheduler = []
    config.work_dir = str(tmp_path / 'work')
    config.log_level = 'WARNING'
    runner = new_runner(config)
    runner.train()
    assert runner.iter == 2
    assert list((tmp_path / 'work').glob('best_NME_*.pth'))
    metrics = runner.test()
    assert metrics['NME'] > 0 and 0 <= metrics['AUC@0.10'] <= 1
