# Every step of the quickstart with tiny settings, in about 3 minutes on 2 cores.
_base_ = './quickstart.py'

title = 'SMOKE RUN: its numbers mean nothing'
data_root = 'data/synthetic_smoke'
prepare = [
    'python tools/misc/make_synthetic_pairs.py {data_root} '
    '--train 32 --val 16 --test 16 --extra 16'
]
options = {
    'train_cfg.max_epochs': 1,
    'train_cfg.val_interval': 1,
    'train_dataloader.batch_size': 16,
    'default_hooks.logger.interval': 1,
}
