# Settings that every training of this plugin shares, whichever framework's
# config it builds on. Add this file to `_base_` and set
# `default_hooks = {{_base_.run_hooks}}`.

# Registers all components of this plugin.
custom_imports = dict(imports=['mmpose_thermal'], allow_failed_imports=False)

# The same seed gives the same result, bit for bit on CPU, even after a resume.
randomness = dict(seed=0)
# A run killed at any moment continues from its last checkpoint with --resume.
# --show-dir also draws 16-bit and float images.
run_hooks = dict(
    visualization=dict(type='mmpose.ThermalVisualizationHook'),
    checkpoint=dict(type='mmpose.AtomicCheckpointHook'),
    checked_loading=dict(type='mmpose.CheckedLoadingHook'),
    epoch_seed=dict(type='mmpose.EpochSeedHook'),
    finite_loss=dict(type='mmpose.FiniteLossHook'),
    unlabelled_data=dict(type='mmpose.UnlabelledDataHook'))
