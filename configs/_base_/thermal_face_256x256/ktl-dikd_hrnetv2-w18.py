# KTL: a frozen RGB teacher teaches a thermal student on pairs. Each data set
# adds its teacher. PairTopdownAffine handles aligned and unaligned pairs.
_base_ = './base_thermal.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(),
    # RGB and thermal networks have the same architecture.
    student=dict(config={{_base_.model}}, checkpoint='teacher'),
    teacher_input='rgb',
    student_input='thermal',
    distill_losses=dict(loss_dikd=dict(type='DIKDLoss')),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.pair_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))

train_dataloader = dict(
    dataset=dict(with_rgb=True, pipeline={{_base_.pair_pipeline}}))
