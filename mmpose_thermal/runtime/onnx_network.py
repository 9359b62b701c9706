"""An exported network in ONNX Runtime."""
from typing import List, Optional, Tuple

import numpy as np

from .model_info import ModelInfo


class OnnxNetwork:
    """Runs an exported model on batches of images.

    Args:
        path (str): ``NAME.onnx``, with ``NAME.onnx.json`` beside it, or the latter.
        task (str): ``'landmarks'`` or ``'detection'``.
        threads (int, optional): Of the CPU. By default all cores.
        providers (list[str]): ONNX Runtime's execution providers.

    Attributes:
        info (ModelInfo): The model's description.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: The description is that of another model.
    """

    def __init__(self,
                 path: str,
                 task: str,
                 threads: Optional[int] = None,
                 providers: Tuple[str, ...] = ('CPUExecutionProvider', )):
        import onnxruntime
        self.info, model = ModelInfo.load(path, task)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # Threads wait actively for the next layer, but not for the next image:
        # the cores are others' until then.
        options.add_session_config_entry('session.force_spinning_stop', '1')
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=list(providers))
        except Exception as error:  # its errors have no common class
            raise ValueError(f'{model} cannot be loaded by ONNX Runtime '
                             f'{onnxruntime.__version__}: {error}')
        image = self._session.get_inputs()[0]
        width, height = self.info.input_size
        wanted = [self.info.channels, height, width]
        outputs = [output.name for output in self._session.get_outputs()]
        if image.shape[1:] != wanted or outputs != self.info.outputs:
            raise ValueError(
                f'{model} takes {image.shape[1:]} and gives {outputs}, its '
                f'description says {wanted} and {self.info.outputs}. Export '
                'the model again.')
        self._input = image.name

    def __call__(self, images: np.ndarray) -> List[np.ndarray]:
        """Runs the network.

        Args:
            images (np.ndarray): Shape (N, C, H, W), uint8.

        Returns:
            list[np.ndarray]: Its outputs.
        """
        return self._session.run(None, {self._input: images})
