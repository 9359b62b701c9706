# What trainings on a folder of own pairs share: `mmpose-thermal distill` fills in
# the folders.
own_root = 'data/own_pairs/'
own_share = 0.5  # of each batch; the others are rendered
mixed_sampler = dict(
    type='MultiSourceSampler',
    batch_size=64,
    source_ratio=[own_share, 1 - own_share])
held_out = dict(data_root=own_root, ann_file='annotations/held_out.json')
# Held-out faces must not choose the checkpoint, or they would no longer tell
# how good it is: they are looked at after the last epoch only.
only_at_the_end = 1000  # epochs between validations
