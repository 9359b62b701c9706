_base_ = 'mmpose::_base_/default_runtime.py'

# Registers everything of this plugin.
custom_imports = dict(imports=['mmpose_thermal'], allow_failed_imports=False)

# One seed gives one result, on CPU to the last bit, interrupted or not.
randomness = dict(seed=0)
default_hooks = dict(epoch_seed=dict(type='EpochSeedHook'))
