"""Public data sets, and LabelMe's files, in the formats they come in.

A module a data set, for ``mmpose-thermal convert``. Each has

* ``POINT_SETS``: the point set by kind of picture;
* ``list_tasks(root, args)``: what to read, and what is left out beforehand with
  the reason; see :func:`mmpose_thermal.datasets.converter_tools.convert`;
* ``read(root, task)``: one :class:`~mmpose_thermal.datasets.converter_tools.Picture`.
"""
