# For MMDeploy 1.x: `python MMDEPLOY/tools/deploy.py THIS_FILE student_best.py
# student_best.pth face.png --work-dir out`. The SDK decodes the heatmaps itself.
# mmpose-thermal export needs no MMDeploy and puts decoding into the graph.
onnx_config = dict(
    type='onnx',
    export_params=True,
    keep_initializers_as_inputs=False,
    opset_version=17,
    save_file='end2end.onnx',
    input_names=['input'],
    output_names=['output'],
    input_shape=None,
    dynamic_axes=dict(input={0: 'batch'}, output={0: 'batch'}),
    optimize=True)
backend_config = dict(type='onnxruntime')
codebase_config = dict(type='mmpose', task='PoseDetection')
