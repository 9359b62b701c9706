# MCL: a frozen thermal teacher teaches a light student on thermal images. Each
# data set adds its teacher.
_base_ = './shufflenetv2.py'

model = dict(
    _delete_=True,
    type='CrossModalDistiller',
    teacher=dict(),
    student=dict(config={{_base_.model}}),
    teacher_input='thermal',
    student_input='thermal',
    # Weaker reverse injection: the light backbone gains less from it.
    distill_losses=dict(
        loss_dikd=dict(type='DIKDLoss', reverse_weight=0.1)),
    decay=dict(type='linear', begin=1.0, end=0.0),
    data_preprocessor={{_base_.model.data_preprocessor}})
default_hooks = dict(student=dict(type='StudentCheckpointHook'))
