_base_ = ['mmpose::_base_/default_runtime.py', './reproducible_runs.py']

default_hooks = {{_base_.run_hooks}}
visualizer = dict(type='ThermalPoseVisualizer')
