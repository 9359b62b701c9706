# What every training of this plugin has, whatever framework's config it builds
# on: add this file to `_base_`, and `default_hooks = {{_base_.run_hooks}}`.

# Registers everything of this plugin.
custom_imports = dict(imports=['mmpose_thermal'], allow_failed_imports=False)

# One seed gives one result, on CPU to the last bit, interrupted or not.
randomness = dict(seed=0)
# Killed at any moment, it goes on from the last checkpoint with --resume.
# Pictures (--show-dir) show images of 16 bits and floats, too.
run_hooks = dict(
    visualization=dict(type='mmpose.ThermalVisualizationHook'),
    checkpoint=dict(type='mmpose.AtomicCheckpointHook'),
    checked_loading=dict(type='mmpose.CheckedLoadingHook'),
    epoch_seed=dict(type='mmpose.EpochSeedHook'),
    finite_loss=dict(type='mmpose.FiniteLossHook'))
