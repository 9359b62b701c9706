_base_ = 'mmpose::_base_/default_runtime.py'

# Registers everything of this plugin.
custom_imports = dict(imports=['mmpose_thermal'], allow_failed_imports=False)
