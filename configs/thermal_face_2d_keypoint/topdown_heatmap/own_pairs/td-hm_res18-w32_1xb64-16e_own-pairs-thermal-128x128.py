# The large thermal network, from scratch on labels that a teacher made and on
# rendered faces: level 1 with a teacher that cannot be distilled.
# `mmpose-thermal distill` fills in the folders.
_base_ = '../synthetic/td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py'

own_root = 'data/own_pairs/'
own_share = 0.5  # of each batch; the others are rendered

rendered_set = _base_.thermal_sets[0]
own_set = dict(rendered_set, data_root=own_root)
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
