# MCL: dual injection without decay.
_base_ = './mcl-dikd_shufflenetv2-w0.5_1xb32-20e_synthetic-96x96.py'

model = dict(decay=dict(_delete_=True, type='constant'))
