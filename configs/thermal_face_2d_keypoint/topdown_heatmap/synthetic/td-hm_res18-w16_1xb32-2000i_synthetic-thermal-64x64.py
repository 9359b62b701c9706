# The benchmark's thermal network, trained on labels alone: the light network for
# real cameras at half the size, so that dozens of trainings fit two CPU cores.
# Counted in iterations: some runs have few labels.
_base_ = './td-hm_res18-w16_1xb64-16e_synthetic-thermal-128x128.py'

# runtime
max_iters = 2000
train_cfg = dict(
    _delete_=True,
    type='IterBasedTrainLoop',
    max_iters=max_iters,
    val_interval=250)
default_hooks = dict(
    checkpoint=dict(interval=250, by_epoch=False),
    logger=dict(interval=50, log_metric_by_epoch=False))
log_processor = dict(by_epoch=False)
# Both chosen for short training, on the validation faces.
optim_wrapper = dict(optimizer=dict(lr=1e-2), clip_grad=dict(max_norm=0.05))
box_changes = dict(
    rotate_factor=20, scale_factor=(0.85, 1.2), shift_factor=0.08)
param_scheduler = [
    dict(_base_.param_scheduler[0], end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min=1e-4,
        begin=0,
        end=max_iters,
        T_max=max_iters,
        by_epoch=False),
]
auto_scale_lr = dict(base_batch_size=32)

# data
codec = dict(
    _base_.codec,
    type='SeparableMSRAHeatmap',
    input_size=(64, 64),
    heatmap_size=(16, 16),
    sigma=1.)


def at_64(pipeline):
    """Replaces the size of the crops, the codec and the geometry."""
    new = dict(
        FastRandomBBoxTransform=box_changes,
        TopdownAffine=dict(input_size=codec['input_size']),
        GenerateTarget=dict(encoder=codec))
    return [dict(step, **new.get(step['type'], {})) for step in pipeline]


pair_pipeline = at_64(_base_.pair_pipeline)
thermal_pipeline = at_64(_base_.thermal_pipeline)
rgb_pipeline = at_64(_base_.rgb_pipeline)
thermal_val_pipeline = at_64(_base_.thermal_val_pipeline)
rgb_val_pipeline = at_64(_base_.rgb_val_pipeline)

labelled_set = dict(_base_.thermal_sets[0], pipeline=thermal_pipeline)
labelled_pairs = dict(labelled_set, with_rgb=True, pipeline=pair_pipeline)
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(datasets=[labelled_set]))
# Where few faces have labels: one in eight of each batch. The last 5,000 of the
# people are none of the first 60.
few_labels = dict(
    type='MultiSourceSampler', batch_size=32, source_ratio=[1, 7])
test_root = 'data/synthetic_test_1000/'
val_dataloader = dict(
    num_workers=1, dataset=dict(pipeline=thermal_val_pipeline))
test_dataloader = dict(
    num_workers=1,
    dataset=dict(data_root=test_root, pipeline=thermal_val_pipeline))
model = dict(head=dict(decoder=codec))
