import torch
from mmengine.hooks import Hook
from mmpose.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Trains in PyTorch's channels-last memory layout.

    Convolutions on CPUs, and in half precision on GPUs, are faster in it.
    The results are the same up to rounding.
    """

    def before_run(self, runner) -> None:
        """Converts the weights; activations follow them.

        Args:
            runner (Runner): Its model is converted in place.
        """
        runner.model.to(memory_format=torch.channels_last)
