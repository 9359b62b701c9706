"""One rank of a training by torchrun, on CPUs; rank 1 dies if it is told to.

MMEngine's launcher wants GPUs: the process group is made here.
"""
import os
import signal
import sys

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS
from mmengine.runner import Runner


@MODEL_WRAPPERS.register_module()
class OnCPUs(MMDistributedDataParallel):

    def __init__(self, module, device_ids=None, **kwargs):
        super().__init__(module, **kwargs)


class Death(Hook):

    def after_train_iter(self, runner, **kwargs):
        if runner.rank == 1 and runner.iter == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == '__main__':
    torch.set_num_threads(1)
    torch.distributed.init_process_group('gloo')
    config = Config.fromfile(sys.argv[1])
    config.launcher = 'pytorch'
    config.model_wrapper_cfg = dict(type='OnCPUs')
    runner = Runner.from_cfg(config)
    runner.register_hook(Death())
    runner.train()
