import torch
from mmengine.optim import OptimWrapper
from mmpose.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class FiniteOptimWrapper(OptimWrapper):
    """Skips a step whose gradient is infinite or NaN.

    ``AmpOptimWrapper`` does the same. In distributed training all processes
    share the gradient and therefore the decision. Each step waits for one
    value from the device.
    """

    def step(self, **kwargs) -> None:
        """Updates the weights if all gradients are finite.

        Args:
            **kwargs: Passed to ``torch.optim.Optimizer.step``.
        """
        gradients = [
            parameter.grad for group in self.optimizer.param_groups
            for parameter in group['params'] if parameter.grad is not None
        ]
        finite = torch.stack([g.isfinite().all() for g in gradients]).all()
        if finite:
            super().step(**kwargs)
