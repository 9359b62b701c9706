# TFW: RTMDet-tiny.
_base_ = '../../../_base_/thermal_face_rtmdet_320x320.py'

data_root = 'data/tfw/'
train_dataloader = val_dataloader = test_dataloader = dict(
    dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
test_evaluator = dict(ann_file=data_root + 'annotations/test.json')
