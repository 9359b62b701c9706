# SF-TL54: the baseline with DARK, unbiased targets and decoding.
_base_ = './td-hm_hrnetv2-w18_1xb64-60e_sftl54-thermal-256x256.py'

model = dict(head=dict(decoder={{_base_.codecs.dark}}))
train_dataloader = dict(
    dataset=dict(pipeline={{_base_.thermal_pipelines.dark}}))
