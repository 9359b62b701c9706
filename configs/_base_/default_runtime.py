_base_ = 'mmpose::_base_/default_runtime.py'

# Registers everything of this plugin.
custom_imports = dict(imports=['mmpose_thermal'], allow_failed_imports=False)

# One seed gives one result, on CPU to the last bit, interrupted or not.
randomness = dict(seed=0)
# Killed at any moment, it goes on from the last checkpoint with --resume.
default_hooks = dict(
    checkpoint=dict(type='AtomicCheckpointHook'),
    checked_loading=dict(type='CheckedLoadingHook'),
    epoch_seed=dict(type='EpochSeedHook'),
    finite_loss=dict(type='FiniteLossHook'))
