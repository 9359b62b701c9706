"""Converters of public data sets and LabelMe files, for ``mmpose-thermal convert``.

One module per data set. Each has

* ``POINT_SETS``: the point set by kind of picture;
* ``list_tasks(root, args)``: returns the pictures to read, and those skipped
  with the reason; see :func:`mmpose_thermal.datasets.converter_tools.convert`;
* ``read(root, task)``: reads one
  :class:`~mmpose_thermal.datasets.converter_tools.Picture`.
"""
