from numbers import Real
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from mmpose_thermal.datasets.point_sets import (find_point_set,
                                                keypoint_names, load_metainfo)

from ..functional import (FaceErrors, area_under_ced, bootstrap_interval,
                          failure_rate, threshold_label)
from ..functional.face_errors import lengths_px

# Outer eye corners by number of points, for data sets without them in the
# metainfo: iBUG-68, iBUG-68 with pupils (70) and WFLW (98).
_OUTER_EYE_CORNERS: Dict[int, tuple] = {68: (36, 45), 70: (36, 45), 98: (60, 72)}
# Fields of an annotation and its image that are not attributes of a face.
_NO_ATTRIBUTES = {
    'id', 'image_id', 'category_id', 'iscrowd', 'bbox', 'area', 'keypoints',
    'num_keypoints', 'segmentation', 'rgb_keypoints', 'annotated_box'
}


@METRICS.register_module()
class FaceAlignmentMetric(BaseMetric):
    """Computes the standard measures of face alignment in one pass.

    - ``NME``: mean over faces of the normalised mean error, with the first
      normaliser; ``NME_<name>`` with each further one. Fractions, like MMPose's
      ``NME``; papers print percent.
    - ``FR@t``: fraction of faces with an NME above t; ``AUC@t``: exact area
      under the cumulative error distribution up to t, divided by t.
    - ``NME/<region>``: NME of the points of a facial region, if requested.
    - ``NME/<field>=<value>``: NME of the faces with this attribute.
    - ``NME_low``, ``NME_high``: bootstrap confidence interval of ``NME``,
      resampled by subject if the annotation has subjects.

    Labelled points count (COCO visibility 1 or 2, so hidden or visible); points
    of visibility 0 do not. A face without a labelled point or without a
    measurable normaliser raises an error, since leaving out hard faces would
    flatter the result.

    Args:
        normalizers (Sequence[str | float]): ``'interocular'`` (outer eye
            corners), ``'interpupil'`` (pupils or eye centres), ``'box'``
            (square root of the annotated box's area), ``'box_diagonal'``, any
            field of the annotation that holds a length in pixels, or a number
            of pixels (1 gives errors in pixels). Defaults to
            ``('interocular', 'box')``.
        thresholds (Sequence[float]): Thresholds t of FR and AUC, as fractions.
            Defaults to (0.08, 0.10).
        regions (bool): Whether to add the error of each facial region defined
            in the data set's metainfo. Defaults to False.
        attributes (Sequence[str | dict]): Fields of annotations or images to
            group errors by, such as ``'glasses'``. Measurements need bin edges:
            ``dict(field='yaw_deg', edges=[-60, -20, 20, 60])``. Data sets of
            this package pass on all fields. Defaults to none.
        confidence (float, optional): Level of the bootstrap interval, such as
            0.95. Defaults to None (no interval).
        outfile (str, optional): File for the errors of each face,
            ``NAME.json`` or ``NAME.csv``; see
            :class:`~mmpose_thermal.evaluation.FaceErrors`.
        interocular_indices (tuple[int, int], optional): The two outer eye
            corners. Defaults to those in the data set's metainfo, or else to
            built-in indices for 68, 70 and 98 points.
        interpupil_indices (tuple, optional): The two pupils, or for each eye
            a list of points around it. Defaults to those in the metainfo.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.
        prefix (str, optional): Prefix of the metric names.

    Raises:
        ValueError: A prediction is not finite, a normalising length cannot be
            measured, or an attribute or region is unknown.
    """

    def __init__(self,
                 normalizers: Sequence[Union[str, float]] = ('interocular',
                                                             'box'),
                 thresholds: Sequence[float] = (.08, .10),
                 regions: bool = False,
                 attributes: Sequence[Union[str, dict]] = (),
                 confidence: Optional[float] = None,
                 outfile: Optional[str] = None,
                 interocular_indices: Optional[Tuple[int, int]] = None,
                 interpupil_indices: Optional[tuple] = None,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not thresholds or min(thresholds) <= 0:
            raise ValueError('FaceAlignmentMetric: `thresholds` must be '
                             f'positive fractions, got {thresholds}.')
        if isinstance(normalizers, str) or not normalizers or any(
                isinstance(name, Real) and name <= 0 for name in normalizers):
            raise ValueError(
                'FaceAlignmentMetric: `normalizers` must be a list of names '
                f'and positive numbers, got {normalizers!r}.')
        if confidence is not None and not 0 < confidence < 1:
            raise ValueError('FaceAlignmentMetric: `confidence` must be '
                             f'between 0 and 1, got {confidence}.')
        if outfile is not None and not outfile.endswith(('.json', '.csv')):
            raise ValueError('FaceAlignmentMetric: `outfile` must end with '
                             f'.json or .csv, got "{outfile}".')
        self.normalizers = tuple(normalizers)
        self.thresholds = tuple(thresholds)
        self.regions = regions
        self.attributes: Tuple[Dict[str, Any], ...] = tuple(
            dict(field=item) if isinstance(item, str) else dict(item)
            for item in attributes)
        self.confidence = confidence
        self.outfile = outfile
        self._ends = dict(
            interocular=interocular_indices, interpupil=interpupil_indices)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Stores predictions and ground truth of a batch.

        Args:
            data_batch: Unused.
            data_samples (Sequence[dict]): Samples with ``pred_instances`` and
                ``gt_instances``.
        """
        inputs = (data_batch or {}).get('inputs', ())
        if isinstance(inputs, list) and any(
                isinstance(item, str) for item in inputs):
            raise ValueError(
                'FaceAlignmentMetric: MultiDatasetEvaluator does not support '
                'pairs. End the pipelines of validation and test with '
                'PackPoseInputs, and remove LoadRGBPartner from them.')
        for sample in data_samples:
            if isinstance(sample.get('raw_ann_info'), list) or \
                    'gt_instances' not in sample:
                raise ValueError(
                    'FaceAlignmentMetric measures one face per sample, but '
                    'this sample is an image with all its faces (data_mode='
                    '"bottomup"), and predictions are not assigned to faces. '
                    'Use data_mode="topdown", or a metric for bottom-up '
                    'models such as CocoMetric.')
            truth, predicted = sample['gt_instances'], sample['pred_instances']
            points = np.asarray(predicted['keypoints'])[..., :2]
            if not np.isfinite(points).all():
                raise ValueError(
                    'FaceAlignmentMetric: the prediction for '
                    f'{sample.get("img_path")} is not finite. The model has '
                    'diverged, or its checkpoint is broken.')
            # MMPose stores a list if the samples of a batch differ.
            raw = sample.get('raw_ann_info') or {}
            self.results.append(
                dict(
                    image=sample.get('img_path'),
                    id=sample.get('id'),
                    predicted=points,
                    truth=np.asarray(truth['keypoints'])[..., :2],
                    labelled=np.asarray(truth['keypoints_visible']) > 0,
                    boxes=np.asarray(raw.get('annotated_box',
                                             truth['bboxes']))[..., :4],
                    attributes={
                        key: value
                        for key, value in raw.items()
                        if key not in _NO_ATTRIBUTES
                    }))

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Computes all measures.

        Args:
            results (list[dict]): Results stored by :meth:`process`.

        Returns:
            dict[str, float]: The measures by name.
        """
        faces = self.face_errors(results)
        errors = faces.nme()
        metrics = dict(NME=float(errors.mean()))
        for name in list(faces.lengths_px)[1:]:
            metrics[f'NME_{name}'] = float(faces.nme(name).mean())
        for threshold in self.thresholds:
            label = threshold_label(threshold)
            metrics[f'FR@{label}'] = failure_rate(errors, threshold)
            metrics[f'AUC@{label}'] = area_under_ced(errors, threshold)
        if self.confidence is not None:
            metrics['NME_low'], metrics['NME_high'] = bootstrap_interval(
                errors, faces.subjects(), self.confidence)
        if self.regions:
            if not faces.regions:
                raise ValueError('FaceAlignmentMetric: the metainfo of the '
                                 'data set has no `regions`.')
            for name, region_errors in faces.region_nme().items():
                metrics[f'NME/{name}'] = _mean(region_errors)
        for attribute in self.attributes:
            groups = faces.groups(attribute['field'], attribute.get('edges'))
            for label, chosen in groups.items():
                name = f'NME/{attribute["field"]}={label}'
                metrics[name] = float(errors[chosen].mean())
        if self.outfile is not None:
            faces.save(self.outfile, metrics)
        return metrics

    @BaseMetric.dataset_meta.setter  # type: ignore[attr-defined]
    def dataset_meta(self, dataset_meta: Optional[dict]) -> None:
        """Sets the metainfo, adding eye corners and regions of known point sets.

        MMPose's ``MultiDatasetEvaluator`` omits them from the metainfo.
        """
        meta = dict(dataset_meta or {})
        if 'keypoint_id2name' in meta and 'interocular' not in meta:
            name = find_point_set(keypoint_names(meta))
            if name is not None:
                meta = {**load_metainfo(dict(from_file=name)), **meta}
        self._dataset_meta = meta or None

    def face_errors(self, results: List[dict]) -> FaceErrors:
        """Collects the stored results, with the lengths that normalise them."""
        if not results:
            raise ValueError(
                'FaceAlignmentMetric: there is no result to measure. The data '
                'set is empty, or MultiDatasetEvaluator gave all samples to '
                'another metric: it distinguishes data sets by the '
                '`dataset_name` in the METAINFO of their class. If two data '
                'sets have the same point set, define a class with another '
                'name in its METAINFO for each, and set a `prefix` for each '
                'metric. Alternatively, group results by an image field with '
                'FaceAlignmentMetric(attributes=[...]).')
        predicted, truth, labelled, boxes = (
            np.concatenate([result[key] for result in results])
            for key in ('predicted', 'truth', 'labelled', 'boxes'))
        if predicted.shape != truth.shape:
            raise ValueError(
                f'FaceAlignmentMetric: the model predicts '
                f'{predicted.shape[1]} points, the annotation has '
                f'{truth.shape[1]}.')
        images = [result['image'] for result in results]
        attributes = [result['attributes'] for result in results]
        if not labelled.any(1).all():
            bare = ~labelled.any(1)
            raise ValueError(
                f'FaceAlignmentMetric: {bare.sum()} faces have no labelled '
                f'point, first {images[int(np.argmax(bare))]}. Leave them out '
                'of the test annotation.')
        ends, lengths = self._eye_points(truth.shape[1]), {}
        for name in self.normalizers:
            length = lengths_px(name, truth, labelled, boxes, ends, attributes)
            if np.isnan(length).any():
                unknown = np.isnan(length)
                raise ValueError(
                    f'FaceAlignmentMetric: "{name}" cannot be measured for '
                    f'{unknown.sum()} faces, first '
                    f'{images[int(np.argmax(unknown))]}: its points are not '
                    'labelled or coincide, or its field is missing. Leave '
                    'these faces out of the test annotation, or use '
                    'normalizers=("box", ).')
            label = name if isinstance(name, str) else f'{name:g}px'
            lengths[label] = length
        return FaceErrors(
            images=images,
            ids=[result['id'] for result in results],
            predicted=predicted,
            truth=truth,
            labelled=labelled,
            boxes=boxes,
            lengths_px=lengths,
            attributes=attributes,
            regions={
                name: [int(index) for index in points]
                for name, points in (self.dataset_meta or
                                     {}).get('regions', {}).items()
            })

    def _eye_points(self, num_keypoints: int) -> dict:
        """Returns the known points of both eyes by normaliser."""
        found: Dict[str, Any] = {}
        if num_keypoints in _OUTER_EYE_CORNERS:
            found['interocular'] = _OUTER_EYE_CORNERS[num_keypoints]
        for name, given in self._ends.items():
            stated = (self.dataset_meta or {}).get(name)
            if given is not None or (stated and all(stated)):
                found[name] = given if given is not None else stated
        return {
            name: tuple(np.atleast_1d(end).tolist() for end in ends)
            for name, ends in found.items()
        }


def _mean(errors):
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if len(known) else float('nan')
