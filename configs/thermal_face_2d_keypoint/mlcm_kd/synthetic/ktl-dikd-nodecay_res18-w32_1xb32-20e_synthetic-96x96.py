# KTL: dual injection without decay.
_base_ = './ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py'

model = dict(decay=dict(_delete_=True, type='constant'))
