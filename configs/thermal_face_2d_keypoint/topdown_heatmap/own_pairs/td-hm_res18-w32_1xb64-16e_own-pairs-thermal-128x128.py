# The large thermal network, from scratch on labels that a teacher made and on
# rendered faces: level 1 with a teacher that cannot be distilled.
# `mmpose-thermal distill` fills in the folders.
_base_ = [
    '../synthetic/td-hm_res18-w32_1xb64-16e_synthetic-thermal-128x128.py',
    '../../../_base_/own_pairs.py',
]

rendered_set = _base_.thermal_sets[0]
own_set = dict(rendered_set, data_root=_base_.own_root)
train_dataloader = dict(
    sampler=dict(_base_.mixed_sampler, _delete_=True),
    dataset=dict(datasets=[own_set, rendered_set]))
val_dataloader = dict(dataset=_base_.held_out)
test_dataloader = dict(dataset=_base_.held_out)
train_cfg = dict(val_interval=_base_.only_at_the_end)
