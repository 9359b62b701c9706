"""Distillation in the style of other projects, for comparison."""
import copy

import torch
from mmengine.model import BaseModel


def recorded(network):
    """Records input and output of a network's head in the returned dict."""
    seen, forward = {}, network.head.forward

    def record(features):
        seen.update(feature=features[-1], output=forward(features))
        return seen['output']

    network.head.forward = record
    return seen


class LossOfBoth(BaseModel):
    """FD and LD with two complete `forward(mode='loss')`, as in other projects."""

    def __init__(self, student, teacher, fields, losses, graph):
        super().__init__(fields['data_preprocessor'])
        self.student, self.losses = student, copy.deepcopy(losses)
        # Not a submodule, so that its weights are not in the optimizer.
        object.__setattr__(self, 'frozen', teacher.eval())
        self.inputs = fields['student_input'], fields['teacher_input']
        self.graph = graph
        self.ours, self.theirs = recorded(student), recorded(teacher)

    def forward(self, inputs, data_samples, mode='loss'):
        from mmpose_thermal.models.losses import DistillBatch
        from mmpose_thermal.models.losses.base import map_parts
        thermal, rgb = (inputs[name] if isinstance(inputs, dict) else inputs
                        for name in self.inputs)
        losses = self.student(thermal, data_samples, mode='loss')
        with torch.set_grad_enabled(self.graph):
            self.frozen(rgb, data_samples, mode='loss')
        batch = DistillBatch(
            student_feature=self.ours['feature'],
            student_output=self.ours['output'],
            teacher_feature=self.theirs['feature'].detach(),
            student_head=None, teacher_head=None, criterion=None, target=None)
        batch.__dict__['teacher_output'] = map_parts(
            torch.Tensor.detach, self.theirs['output'])
        for name, loss in self.losses.items():
            losses[name] = loss(batch)
        return losses
