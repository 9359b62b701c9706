# A nano-size RTMDet on the same data as RTMDet-tiny.
_base_ = './rtmdet_tiny_1xb32-20e_synthetic-groups-320x320.py'

model = {{_base_.rtmdet_nano}}
