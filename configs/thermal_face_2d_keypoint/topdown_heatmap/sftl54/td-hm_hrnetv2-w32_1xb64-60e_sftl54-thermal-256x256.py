# SF-TL54: HRNetV2-w32 on thermal images, a larger student of KTL.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

model = {{_base_.hrnetv2_w32}}
