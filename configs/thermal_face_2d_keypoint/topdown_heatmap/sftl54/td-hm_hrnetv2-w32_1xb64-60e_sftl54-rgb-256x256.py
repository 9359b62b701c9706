# SF-TL54: a larger RGB teacher.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-rgb-256x256.py'

model = {{_base_.hrnetv2_w32}}
