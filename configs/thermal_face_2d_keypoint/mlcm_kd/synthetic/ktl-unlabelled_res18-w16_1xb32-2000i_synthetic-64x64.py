# KTL on 60 labelled pairs and 5,000 without labels, where the teacher's output
# is the target. Logits distillation does not decay, as nothing else teaches the
# student's own output on unlabelled faces.
_base_ = './ktl-dikd_res18-w16_1xb32-2000i_synthetic-64x64.py'

model = dict(
    unlabelled=dict(threshold=0.3),
    distill_losses=dict(
        loss_ld=dict(type='LogitDistillLoss', decay=dict(type='constant'))))

train_dataloader = dict(
    sampler=dict(_base_.few_labels, _delete_=True),
    dataset=dict(datasets=[
        dict(_base_.labelled_pairs, indices=60),
        dict(_base_.labelled_pairs, unlabelled='all', indices=-5000),
    ]))
