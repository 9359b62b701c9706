"""Errors of a model on each face of a test set."""
import csv
import json
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from mmpose_thermal.runtime.atomic_file import atomic_file

_MISSING = '(not stated)'
# An attribute with more distinct values is a measurement, not a category.
_MAX_KINDS = 30


@dataclass
class FaceErrors:
    """Predictions and ground truth of N faces with K points.

    Attributes:
        images (list[str]): Image path of each face.
        ids (list): Annotation id of each face.
        predicted (np.ndarray): Shape (N, K, 2), pixels of the image.
        truth (np.ndarray): Shape (N, K, 2), pixels of the image.
        labelled (np.ndarray): Mask of points that count, (N, K), bool.
        boxes (np.ndarray): Shape (N, 4), ``x1 y1 x2 y2`` in pixels.
        lengths_px (dict[str, np.ndarray]): Normalising lengths, (N, ) each, by
            name of the normaliser; the first is the main one.
        attributes (list[dict]): Attributes of each face from the annotation file.
        regions (dict[str, list[int]]): Point indices of each facial region.
    """
    images: List[str]
    ids: list
    predicted: np.ndarray
    truth: np.ndarray
    labelled: np.ndarray
    boxes: np.ndarray
    lengths_px: Dict[str, np.ndarray]
    attributes: List[dict]
    regions: Dict[str, List[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.images)

    def point_errors_px(
            self, points: Union[slice, List[int]] = slice(None)) -> np.ndarray:
        """Distance of each point from the truth, (N, points); NaN if unlabelled."""
        shift = self.predicted[:, points] - self.truth[:, points]
        distance = np.sqrt(np.einsum('nkd,nkd->nk', shift, shift))
        return np.where(self.labelled[:, points], distance, np.nan)

    def nme(self,
            normalizer: Optional[str] = None,
            points: Optional[Sequence[int]] = None) -> np.ndarray:
        """Normalised mean error of each face.

        Args:
            normalizer (str, optional): Name. Defaults to the main normaliser.
            points (Sequence[int], optional): Point indices. Defaults to all.

        Returns:
            np.ndarray: Fractions, (N, ); NaN for faces where none of the points
            is labelled.
        """
        length = self.lengths_px[normalizer or next(iter(self.lengths_px))]
        chosen = slice(None) if points is None else list(points)
        labelled = self.labelled[:, chosen]
        count = labelled.sum(1)
        total = np.where(labelled, self.point_errors_px(chosen), 0).sum(1)
        return np.divide(
            total, count * length, where=count > 0,
            out=np.full(len(count), np.nan))

    def region_nme(self) -> Dict[str, np.ndarray]:
        """NME of each face by region, (N, ) each."""
        return {name: self.nme(points=points) for name, points in self.regions.items()}

    def subjects(self) -> Optional[list]:
        """The subject of each face; None if any is unknown."""
        found = [a.get('subject_id') for a in self.attributes]
        return None if None in found else found

    def groups(self,
               name: str,
               edges: Optional[Sequence[float]] = None
               ) -> Dict[str, np.ndarray]:
        """Groups faces by an attribute.

        Args:
            name (str): A field of the annotation or its image.
            edges (Sequence[float], optional): Bin edges for a measurement; the
                last bin is closed. Values below and above get separate bins.

        Returns:
            dict[str, np.ndarray]: Indices of the faces by value or bin; faces
            without the attribute are under ``'(not stated)'``.

        Raises:
            ValueError: No face has the attribute; it has too many values and
                there are no edges; or edges are given for a non-numeric value.
        """
        values = [a.get(name) for a in self.attributes]
        known = [value for value in values if value is not None]
        if not known:
            stated = sorted({key for a in self.attributes for key in a})
            raise ValueError(f'No face has the attribute "{name}". Known '
                             f'attributes: {", ".join(stated)}.')
        if edges is not None:
            labels = _bins(values, name, edges)
        else:
            kinds = sorted(set(map(str, known)))
            if len(kinds) > _MAX_KINDS:
                raise ValueError(
                    f'The attribute "{name}" has {len(kinds)} values: give '
                    'bin edges, dict(field=..., edges=[...]).')
            labels = {kind: [] for kind in kinds}
            for index, value in enumerate(values):
                label = _MISSING if value is None else str(value)
                labels.setdefault(label, []).append(index)
        return {label: np.array(found) for label, found in labels.items() if found}

    def save(self, path: str, metrics: Optional[dict] = None) -> None:
        """Writes the errors of each face.

        JSON holds everything, for :meth:`load`; CSV holds one line per face:
        image, id, errors, regions, attributes.

        Args:
            path (str): A ``.json`` or ``.csv`` file.
            metrics (dict, optional): Metrics to add to the JSON.

        Raises:
            ValueError: The file name has another extension.
        """
        errors = {
            'NME' if not index else f'NME_{name}': self.nme(name)
            for index, name in enumerate(self.lengths_px)
        }
        regions = self.region_nme()
        with atomic_file(path) as unfinished:
            if path.endswith('.csv'):
                self._write_csv(unfinished, errors, regions)
            elif path.endswith('.json'):
                self._write_json(unfinished, errors, regions, metrics)
            else:
                raise ValueError('Errors are written as .json or .csv, not '
                                 f'as "{path}".')

    def _write_csv(self, path, errors, regions):
        fields = sorted({key for a in self.attributes for key in a})
        columns = {**errors, **{f'NME/{k}': v for k, v in regions.items()}}
        with open(path, 'w', newline='') as file:
            writer = csv.writer(file)
            writer.writerow(['image', 'id', *columns, *fields])
            for index, (image, id_, attributes) in enumerate(
                    zip(self.images, self.ids, self.attributes)):
                writer.writerow([
                    image, id_, *(_number(column[index])
                                  for column in columns.values()),
                    *(attributes.get(key) for key in fields)
                ])

    def _write_json(self, path, errors, regions, metrics):
        predicted, truth, boxes = (
            values.round(2).tolist()
            for values in (self.predicted, self.truth, self.boxes))
        faces = [
            dict(
                image=self.images[index],
                id=self.ids[index],
                **{k: _number(v[index]) for k, v in errors.items()},
                regions={k: _number(v[index]) for k, v in regions.items()},
                lengths_px={k: _number(v[index]) for k, v in self.lengths_px.items()},
                attributes=self.attributes[index],
                box=boxes[index],
                predicted=predicted[index],
                truth=truth[index],
                labelled=self.labelled[index].astype(int).tolist())
            for index in range(len(self))
        ]
        content = dict(metrics=metrics or {}, regions=self.regions, faces=faces)
        with open(path, 'w') as file:
            file.write(json.dumps(content, default=_plain))

    @classmethod
    def load(cls, path: str) -> 'FaceErrors':
        """Reads a JSON file written by :meth:`save`; points are rounded to 0.01 px.

        Raises:
            ValueError: The file does not hold the errors of faces.
        """
        try:
            with open(path) as file:
                content = json.load(file)
            faces = content['faces']

            def column(key, kind=float):
                return np.array([face[key] for face in faces], kind)

            return cls(
                images=[face['image'] for face in faces],
                ids=[face['id'] for face in faces],
                predicted=column('predicted'),
                truth=column('truth'),
                labelled=column('labelled', bool),
                boxes=column('box'),
                lengths_px={
                    name: np.array([f['lengths_px'][name] for f in faces])
                    for name in faces[0]['lengths_px']
                },
                attributes=[face['attributes'] for face in faces],
                regions=content['regions'])
        except (KeyError, IndexError, TypeError, UnicodeDecodeError,
                json.JSONDecodeError) as error:
            raise ValueError(
                f'{path} does not hold the errors of faces ({error!r}). It '
                'is written by FaceAlignmentMetric(outfile="NAME.json").'
            ) from None


def _bins(values, name, edges):
    """Indices of the faces by bin; the last bin is closed."""
    edges = [float(edge) for edge in edges]
    if len(edges) < 2 or sorted(set(edges)) != edges:
        raise ValueError(f'The edges of "{name}" must be ascending, got {edges}.')
    labels = [
        f'below {edges[0]:g}',
        *(f'{low:g} to {high:g}' for low, high in zip(edges, edges[1:])),
        f'above {edges[-1]:g}', _MISSING
    ]
    found = {label: [] for label in labels}
    for index, value in enumerate(values):
        try:
            place = -1 if value is None else int(
                np.searchsorted(edges, float(value), side='right'))
        except (TypeError, ValueError):
            raise ValueError(f'The attribute "{name}" is {value!r} for one '
                             'face, but edges require numbers.') from None
        found[labels[place - (value == edges[-1])]].append(index)
    return found


def lengths_px(name,
               truth: np.ndarray,
               labelled: np.ndarray,
               boxes: np.ndarray,
               ends: Dict[str, Tuple[List[int], List[int]]],
               attributes: List[dict]) -> np.ndarray:
    """Returns the lengths that normalise the errors of each face.

    Args:
        name (str | float): ``'interocular'``, ``'interpupil'``, ``'box'``
            (sqrt(w * h)), ``'box_diagonal'``, the name of an attribute that
            holds a length in pixels, or a fixed length in pixels for all faces.
        truth (np.ndarray): Shape (N, K, 2), pixels.
        labelled (np.ndarray): Shape (N, K), bool.
        boxes (np.ndarray): Shape (N, 4), ``x1 y1 x2 y2``.
        ends (dict): For ``'interocular'`` and ``'interpupil'``: the points to
            average at each end.
        attributes (list[dict]): Attributes of each face.

    Returns:
        np.ndarray: Pixels, (N, ); NaN where the length cannot be measured.

    Raises:
        ValueError: The points of the ends are unknown.
    """
    if not isinstance(name, str):
        return np.full(len(truth), float(name))
    size = boxes[:, 2:4] - boxes[:, :2]
    if name == 'box':
        length = np.sqrt(np.prod(size, axis=1))
    elif name == 'box_diagonal':
        length = np.linalg.norm(size, axis=1)
    elif name in ('interocular', 'interpupil'):
        if name not in ends:
            raise ValueError(
                f'FaceAlignmentMetric: the points of "{name}" are not known '
                f'for this set of {truth.shape[1]} points. Define '
                f'`{name}` in its metainfo, pass `{name}_indices`, or use '
                'normalizers=("box", ).')
        one, other = (list(indices) for indices in ends[name])
        length = np.linalg.norm(
            truth[:, one].mean(1) - truth[:, other].mean(1), axis=-1)
        length = np.where(labelled[:, one + other].all(1), length, np.nan)
    else:
        length = np.array(
            [a.get(name, np.nan) for a in attributes], dtype=float)
    return np.where(length > 0, length, np.nan)


def _number(value):
    return None if np.isnan(value) else round(float(value), 6)


def _plain(value):
    """Converts NumPy values of attributes to JSON."""
    return value.tolist() if hasattr(value, 'tolist') else str(value)
