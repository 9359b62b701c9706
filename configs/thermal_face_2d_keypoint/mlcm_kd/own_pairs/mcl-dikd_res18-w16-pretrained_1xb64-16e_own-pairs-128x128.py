# MCL on a folder of pairs: the large thermal network, now frozen, teaches the
# light one (landmarks_s4) on thermal images without labels, mixed with rendered
# faces. `mmpose-thermal distill` fills in folders and teacher.
_base_ = [
    '../synthetic/mcl-dikd_res18-w16_1xb64-16e_synthetic-128x128.py',
    '../../../_base_/own_pairs.py',
]

# Logits distillation does not decay: at the end, nothing else would teach the
# unlabelled faces.
model = dict(
    student=dict(checkpoint='mmpose_thermal/weights/landmarks_s4.pth'),
    unlabelled=dict(threshold=0.3),
    distill_losses=dict(
        loss_ld=dict(type='LogitDistillLoss', decay=dict(type='constant'))),
    teacher=dict(
        checkpoint='work_dirs/'
        'ktl-dikd_res18-w32_1xb64-16e_own-pairs-128x128/best_NME_*.pth'))
# The student starts from trained weights.
optim_wrapper = dict(optimizer=dict(lr=1e-3))

rendered_set = _base_.thermal_sets[0]
own_set = dict(rendered_set, data_root=_base_.own_root, unlabelled='all')
train_dataloader = dict(
    sampler=dict(_base_.mixed_sampler, _delete_=True),
    dataset=dict(datasets=[own_set, rendered_set]))
val_dataloader = dict(dataset=_base_.held_out)
test_dataloader = dict(dataset=_base_.held_out)
train_cfg = dict(val_interval=_base_.only_at_the_end)
