from contextlib import contextmanager

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


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(FiniteOptimWrapper):
    """Computes in bfloat16 where PyTorch deems it safe, on a CPU too.

    MMEngine's ``AmpOptimWrapper`` refuses to run without a GPU. The weights
    stay in float32, and bfloat16 needs no loss scale.
    """

    @contextmanager
    def optim_context(self, model: torch.nn.Module):
        """Casts within the forward pass.

        Args:
            model (nn.Module): The model that is trained.
        """
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(
                device, torch.bfloat16):
            yield
