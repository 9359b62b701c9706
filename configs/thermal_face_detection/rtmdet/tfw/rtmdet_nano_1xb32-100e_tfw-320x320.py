# TFW: a nano-size RTMDet.
_base_ = './rtmdet_tiny_1xb32-100e_tfw-320x320.py'

model = {{_base_.rtmdet_nano}}
