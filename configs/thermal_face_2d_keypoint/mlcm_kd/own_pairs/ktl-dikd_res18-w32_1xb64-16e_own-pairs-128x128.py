# KTL on a folder of pairs: the frozen RGB teacher sees the RGB images of the
# pairs; rendered faces bring their labels only. `mmpose-thermal distill` fills
# in folders and teacher.
_base_ = '../synthetic/ktl-dikd_res18-w32_1xb64-16e_synthetic-128x128.py'

own_root = 'data/own_pairs/'
own_share = 0.5  # of each batch; the others are rendered

# Faces and points without a label learn from the teacher's output. Logits
# distillation does not decay, as nothing else would teach them at the end.
model = dict(
    unlabelled=dict(threshold=0.3),
    distill_losses=dict(
        loss_ld=dict(type='LogitDistillLoss', decay=dict(type='constant'))))

# Two cameras are never quite aligned.
pair_pipeline = [
    dict(step, type='PairTopdownAffine')
    if step['type'] == 'TopdownAffine' else step
    for step in _base_.pair_pipeline
]
rendered_set = dict(
    _base_.pair_sets[0], require_rgb=False, pipeline=pair_pipeline)
own_set = dict(
    _base_.pair_sets[0],
    data_root=own_root,
    unlabelled='keep',
    pipeline=pair_pipeline)
train_dataloader = dict(
    sampler=dict(
        _delete_=True,
        type='MultiSourceSampler',
        batch_size=_base_.train_dataloader.batch_size,
        source_ratio=[own_share, 1 - own_share]),
    dataset=dict(datasets=[own_set, rendered_set]))
held_out = dict(data_root=own_root, ann_file='annotations/held_out.json')
val_dataloader = dict(dataset=held_out)
test_dataloader = dict(dataset=held_out)

# Held-out faces must not choose the checkpoint, or they would no longer tell
# how good it is: they are looked at after the last epoch only.
train_cfg = dict(val_interval=1000)
