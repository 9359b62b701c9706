# KTL with MMPose's own 300W model as the RGB teacher, using 54 of its 68
# points. `mim download mmpose --config
# td-hm_hrnetv2-w18_8xb64-60e_300w-256x256 --dest checkpoints` downloads its
# weights.
_base_ = './ktl-dikd_hrnetv2-w18_1xb64-60e_sftl54-256x256.py'

# As wide as the teacher's heatmaps; not its codec, which shifts maxima at borders.
codec = dict(_base_.codec, sigma=1.5, unbiased=True, blur_kernel_size=7)
train_dataloader = dict(
    dataset=dict(pipeline=[
        *_base_.pair_pipeline[:-2],
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPairInputs'),
    ]))

model = dict(
    teacher=dict(
        config='mmpose::face_2d_keypoint/topdown_heatmap/300w/'
        'td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py',
        checkpoint='checkpoints/hrnetv2_w18_300w_256x256-*.pth',
        keypoints=dict(teacher='300w', student='sftl54')),
    # The teacher's head has other points.
    student=dict(checkpoint=None, config=dict(head=dict(decoder=codec))))
