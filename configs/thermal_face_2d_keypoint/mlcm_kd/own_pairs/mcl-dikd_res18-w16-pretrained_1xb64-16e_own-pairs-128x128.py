# MCL on a folder of pairs: the large thermal network, now frozen, teaches the
# light one that ships on thermal images without labels, mixed with rendered
# faces. `mmpose-thermal distill` fills in folders and teacher.
_base_ = '../synthetic/mcl-dikd_res18-w16_1xb64-16e_synthetic-128x128.py'

own_root = 'data/own_pairs/'
own_share = 0.5  # of each batch; the others are rendered

# Logits distillation does not decay: at the end, nothing else would teach the
# unlabelled faces.
model = dict(
    student=dict(checkpoint='mmpose_thermal/weights/landmarks.pth'),
    unlabelled=dict(threshold=0.3),
    distill_losses=dict(
        loss_ld=dict(type='LogitDistillLoss', decay=dict(type='constant'))),
    teacher=dict(
        checkpoint='work_dirs/'
        'ktl-dikd_res18-w32_1xb64-16e_own-pairs-128x128/best_NME_*.pth'))
# The student starts from trained weights.
optim_wrapper = dict(optimizer=dict(lr=1e-3))

rendered_set = _base_.thermal_sets[0]
own_set = dict(rendered_set, data_root=own_root, unlabelled='all')
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
