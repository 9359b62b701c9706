import os.path as osp
from typing import Optional, Sequence

from mmengine.runner import Runner
from mmengine.utils import mkdir_or_exist
from mmpose.engine.hooks import PoseVisualizationHook
from mmpose.registry import HOOKS
from mmpose.structures import PoseDataSample, merge_data_samples

from ..thermal_pictures import loading_of, picture_of

_FIELDS = ('bit_depth', 'palette', 'temperature_scale', 'temperature_offset')


@HOOKS.register_module()
class ThermalVisualizationHook(PoseVisualizationHook):
    """Draws predictions on what the network saw.

    MMPose's hook reads images as 8 bits per channel: 16-bit images look nearly
    black, and floats fail. This hook uses the ``LoadThermalImage`` of the data
    set's pipeline and the fields of the image's record (palette, scale).
    Validation and ``tools/test.py --show-dir`` write PNG files.
    Arguments are those of ``PoseVisualizationHook``.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._folder: Optional[str] = None

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: dict,
                       outputs: Sequence[PoseDataSample]) -> None:
        """Draws the first sample of every ``interval``-th batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (dict): What the model got.
            outputs (Sequence[PoseDataSample]): Its predictions.
        """
        step = runner.iter + batch_idx
        if self.enable and step % self.interval == 0:
            self._draw(runner.val_dataloader.dataset, outputs[0], 'val_img',
                       None, step)

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: dict,
                        outputs: Sequence[PoseDataSample]) -> None:
        """Draws all samples of a batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (dict): What the model got.
            outputs (Sequence[PoseDataSample]): Its predictions.
        """
        if not self.enable:
            return
        if self.out_dir is not None and self._folder is None:
            self._folder = osp.join(runner.work_dir, runner.timestamp,
                                    self.out_dir)
            mkdir_or_exist(self._folder)
        for sample in outputs:
            self._test_index += 1
            out_file = None
            if self._folder is not None:
                stem = osp.splitext(osp.basename(sample.img_path))[0]
                out_file = osp.join(self._folder, _unused(self._folder, stem))
            self._draw(runner.test_dataloader.dataset, sample, 'test_img',
                       out_file, self._test_index)

    def _draw(self, dataset, sample, name, out_file, step):
        path = sample.img_path
        record = sample.get('raw_ann_info')
        if not isinstance(record, dict):  # one per face of the image
            record = (record or [{}])[0]
        image = picture_of(path, loading_of(dataset.pipeline), {
            field: record[field] for field in _FIELDS
            if record.get(field) not in (None, '')})
        self._visualizer.set_dataset_meta(dataset.metainfo)
        drawn = merge_data_samples([sample])
        # The picture is loaded: the visualizer need not look for the file.
        drawn.pop('img_path')
        self._visualizer.add_datasample(
            osp.basename(path) if self.show else name,
            image,
            data_sample=drawn,
            draw_gt=False,
            draw_bbox=True,
            draw_heatmap=True,
            show=self.show,
            wait_time=self.wait_time,
            kpt_thr=self.kpt_thr,
            out_file=out_file,
            step=step)


def _unused(folder: str, stem: str) -> str:
    """An unused name, as an image may have several faces."""
    count = 0
    while osp.exists(osp.join(folder, f'{stem}_{count}.png')):
        count += 1
    return f'{stem}_{count}.png'
