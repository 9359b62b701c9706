# KTL on a folder of pairs: the frozen RGB teacher sees the RGB images of the
# pairs; rendered faces bring their labels only. `mmpose-thermal distill` fills
# in folders and teacher.
_base_ = [
    '../synthetic/ktl-dikd_res18-w32_1xb64-16e_synthetic-128x128.py',
    '../../../_base_/own_pairs.py',
]

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
    data_root=_base_.own_root,
    unlabelled='keep',
    pipeline=pair_pipeline)
train_dataloader = dict(
    sampler=dict(_base_.mixed_sampler, _delete_=True),
    dataset=dict(datasets=[own_set, rendered_set]))
val_dataloader = dict(dataset=_base_.held_out)
test_dataloader = dict(dataset=_base_.held_out)
train_cfg = dict(val_interval=_base_.only_at_the_end)
