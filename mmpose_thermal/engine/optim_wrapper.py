import torch
from mmengine.optim import OptimWrapper
from mmpose.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class FiniteOptimWrapper(OptimWrapper):
    """Leaves weights as they are where the gradient is no number.

    As ``AmpOptimWrapper`` does. In training by several processes all decide
    alike, since the gradient is that of all of them. It waits for one value
    from the device in each step.
    """

    def step(self, **kwargs) -> None:
        """Updates the weights if all gradients are finite.

        Args:
            **kwargs: Of ``torch.optim.Optimizer.step``.
        """
        gradients = [
            parameter.grad for group in self.optimizer.param_groups
            for parameter in group['params'] if parameter.grad is not None
        ]
        finite = torch.stack([g.isfinite().all() for g in gradients]).all()
        if finite:
            super().step(**kwargs)
