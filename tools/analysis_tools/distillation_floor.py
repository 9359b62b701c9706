"""The parts that no distillation step can do without."""
import copy

import torch


def parts_of_floor(distiller, teacher, fields, pairs, precision):
    """Functions that compute the unavoidable parts of DIKD, by name.

    Args:
        distiller (CrossModalDistiller): With DIKD alone.
        teacher (nn.Module): Its frozen teacher, as MMPose builds it.
        fields (dict): The distiller's config.
        pairs (dict): A batch.
        precision (Callable): Returns the context of forward passes.
    """
    from mmpose_thermal.models.distillers.head_adapter import keypoint_weights
    student = distiller.student
    data = distiller.data_preprocessor(copy.deepcopy(pairs), True)
    thermal, rgb = (
        data['inputs'][name] if isinstance(data['inputs'], dict) else data['inputs']
        for name in (distiller.student_input, fields['teacher_input']))
    samples = data['data_samples']
    targets = distiller._student_head.targets(samples), keypoint_weights(samples)

    def forward():
        with torch.no_grad(), precision():
            return teacher.extract_feat(rgb)[-1]

    def through(head, feature, learns):
        with precision():
            output = head.forward((feature.detach().requires_grad_(learns), ))
            student.head.loss_module(output, *targets).backward()

    def connect(connector, feature, size, learns):
        with precision():
            feature = feature.detach().requires_grad_(learns)
            connector(feature, size).sum().backward()

    with torch.no_grad(), precision():
        ours, theirs = student.extract_feat(thermal)[-1], forward()
        loss = distiller.distill_losses['loss_dikd']
        # Connector, feature, target size, whether the feature needs a gradient.
        ways = [(loss.to_student, theirs, tuple(ours.shape[-2:]), False),
                (loss.to_teacher, ours, tuple(theirs.shape[-2:]), True)]
        injected = [connector(*arguments) for connector, *arguments, _ in ways]
    calls = {
        'teacher forward': forward,
        'student head, injected': lambda: through(student.head, injected[0], False),
        'teacher head, injected': lambda: through(teacher.head, injected[1], True),
    }
    learnt = [way for way in ways if list(way[0].parameters())]
    if learnt:
        calls['connectors'] = lambda: [connect(*way) for way in learnt]
    return calls
