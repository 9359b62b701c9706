# KTL on 60 labelled pairs and 5,000 without labels, three of them in each four:
# there, the teacher's output is the target. Logits distillation does not decay,
# as nothing else teaches the student's own output on unlabelled faces.
_base_ = './ktl-dikd_res18-w16_1xb32-2000i_synthetic-64x64.py'

model = dict(
    unlabelled=dict(threshold=0.3),
    distill_losses=dict(
        loss_ld=dict(type='LogitDistillLoss', decay=dict(type='constant'))))

train_dataloader = dict(
    sampler=dict(
        _delete_=True,
        type='MultiSourceSampler',
        batch_size=32,
        source_ratio=[1, 3]),
    dataset=dict(datasets=[
        dict(_base_.labelled_pairs, indices=60),
        # The last 5,000, which are none of the first 60.
        dict(_base_.labelled_pairs, unlabelled='all', indices=-5000),
    ]))
