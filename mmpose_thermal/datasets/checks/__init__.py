"""The data doctor's checks; :mod:`mmpose_thermal.datasets.inspection` makes them."""
