"""Plots of errors and trainings, for papers and reports.

All plots use one palette that is safe for colour-blind readers, with line
styles as a second cue.
"""
import os
import os.path as osp
from typing import Dict, List, Optional, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ..evaluation import FaceErrors, cumulative_error_distribution

# Okabe and Ito's palette without yellow, which is too faint on white.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9',
           '#000000')
_STYLES = ('-', '--', '-.', ':')
_STYLE = {
    'font.size': 9,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'grid.alpha': .3,
    'svg.fonttype': 'none',  # keeps text as text: small and searchable
    'svg.hashsalt': 'mmpose_thermal',  # makes the output reproducible
}


def line_style(index: int) -> dict:
    """Returns colour and line style of the index-th curve."""
    return dict(
        color=COLOURS[index % len(COLOURS)],
        linestyle=_STYLES[index // len(COLOURS) % len(_STYLES)])


def new_figure(width: float = 5.5, height: float = 3.6, **layout) -> Figure:
    """Makes a figure in this package's style, outside pyplot's global state.

    Width and height are in inches; ``layout`` is passed to ``Figure.subplots``.
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure((width, height), layout='constrained')
        figure.subplots(**layout)
    return figure


def save_figure(figure: Figure, path: str) -> List[str]:
    """Writes a figure as both PNG and SVG, ignoring the extension; returns names."""
    stem, ending = osp.splitext(path)
    if ending.lower() not in ('.png', '.svg'):
        stem = path
    os.makedirs(osp.dirname(osp.abspath(stem)), exist_ok=True)
    with matplotlib.rc_context(_STYLE):
        figure.savefig(f'{stem}.png', dpi=150, bbox_inches='tight')
        figure.savefig(f'{stem}.svg', metadata=dict(Date=None), bbox_inches='tight')
    return [f'{stem}.png', f'{stem}.svg']


def plot_ced(runs: Dict[str, Sequence[np.ndarray]],
             limit: float = .2,
             threshold: Optional[float] = .1) -> Figure:
    """Plots cumulative error distributions on common axes, best model first.

    Args:
        runs (dict): By title: for each seed, the NME of each face, (N, ).
            Errors of several seeds are pooled into one curve.
        limit (float): Upper end of the error axis.
        threshold (float, optional): Failure threshold, marked by a line.
    """
    figure = new_figure()
    axes, = figure.axes
    pooled = {title: np.concatenate(errors) for title, errors in runs.items()}
    for index, (title, errors) in enumerate(pooled.items()):
        x, share = cumulative_error_distribution(errors)
        # More corners than pixels only make the file larger.
        chosen = np.unique(
            np.linspace(0, len(x) - 1, min(len(x), 200)).astype(int))
        axes.step(
            100 * x[chosen], 100 * share[chosen], where='post',
            label=f'{title}: {100 * errors.mean():.2f} %',
            **line_style(index))
    if threshold is not None and threshold < limit:
        axes.axvline(100 * threshold, color='grey', linewidth=.8)
    axes.set(
        xlabel='NME (%)', ylabel='faces (%)', xlim=(0, 100 * limit),
        ylim=(0, 100))
    _legend(axes, np.argsort([e.mean() for e in pooled.values()]),
            title='mean NME')
    return figure


def plot_runs(runs: Dict[str, Sequence[float]], label: str) -> Figure:
    """Plots one number per training, a line of dots per run.

    Args:
        runs (dict): By title: the number for each seed. Their mean is marked.
        label (str): What the number is.
    """
    figure = new_figure(7., .8 + .24 * len(runs))
    axes, = figure.axes
    for place, values in enumerate(runs.values()):
        axes.plot(values, [place] * len(values), 'o', ms=4, alpha=.6,
                  color=COLOURS[0], mec='none')
        axes.plot(np.mean(values), place, '|', ms=11, mew=2, color=COLOURS[1])
    axes.set_yticks(range(len(runs)), list(runs))
    axes.invert_yaxis()
    axes.set_xlabel(label)
    return figure


def _legend(axes, order, **arguments):
    """Adds a legend in the given order, below the axes if it is long."""
    handles, labels = ([all_of_them[index] for index in order]
                       for all_of_them in axes.get_legend_handles_labels())
    if len(labels) > 4 or max(map(len, labels)) > 34:
        axes.figure.set_figheight(
            axes.figure.get_figheight() + .17 * len(labels))
        axes.figure.legend(handles, labels, loc='outside lower center',
                           fontsize='small', **arguments)
    else:
        axes.legend(handles, labels, fontsize='small', **arguments)


def plot_face_map(runs: Dict[str, FaceErrors]) -> Figure:
    """Plots the mean error of each point on the mean face, as a colour.

    The mean face is the average of all faces after Procrustes alignment. All
    runs, given by title, share one colour scale.
    """
    figure = new_figure(
        max(3.3 * len(runs), 4), 3.9, ncols=len(runs), squeeze=False)
    errors = {}
    for title, faces in runs.items():
        length = next(iter(faces.lengths_px.values()))[:, None]
        errors[title] = 100 * np.nanmean(
            faces.point_errors_px() / length, axis=0)
    scale = dict(
        vmin=min(np.nanmin(e) for e in errors.values()),
        vmax=max(np.nanmax(e) for e in errors.values()))
    for axes, (title, faces) in zip(figure.axes, runs.items()):
        x, y = mean_face(faces).T
        shown = axes.scatter(
            x, y, c=errors[title], cmap='cividis', s=45,
            edgecolors='black', linewidths=.3, **scale)
        regions = [
            f'{name} {100 * np.nanmean(nme):.1f}'
            for name, nme in faces.region_nme().items()
        ]
        lines = [', '.join(regions[i:i + 3]) for i in range(0, len(regions), 3)]
        axes.set_title(f'{title}: {100 * faces.nme().mean():.2f} %')
        axes.text(.5, 0, '\n'.join(lines), transform=axes.transAxes,
                  ha='center', va='top', fontsize='small')
        axes.set_aspect('equal')
        axes.invert_yaxis()
        axes.margins(.08)
        axes.axis('off')
    figure.colorbar(shown, ax=figure.axes, label='NME of the point (%)',
                    shrink=.8)
    return figure


def mean_face(faces: FaceErrors, rounds: int = 5) -> np.ndarray:
    """Computes the mean shape of the labelled points (Procrustes analysis).

    Returns shape (K, 2), centred, with norm 1; y points down. ``rounds`` is the
    number of alignments to the mean.
    """
    # With complex numbers, rotation and scaling are a single factor.
    shapes = np.where(faces.labelled, faces.truth @ [1, 1j], 0)
    weights = faces.labelled.astype(float)
    counts = np.maximum(weights.sum(1, keepdims=True), 1)
    shapes = (shapes - shapes.sum(1, keepdims=True) / counts) * weights
    shapes /= np.maximum(np.linalg.norm(shapes, axis=1, keepdims=True), 1e-9)
    mean = shapes[np.argmax(weights.sum(1))]
    for _ in range(rounds):
        overlap = (shapes.conj() * mean).sum(1, keepdims=True)
        size = (np.abs(shapes)**2).sum(1, keepdims=True)
        aligned = shapes * overlap / np.maximum(size, 1e-12)
        mean = aligned.sum(0) / np.maximum(weights.sum(0), 1)
        mean /= np.linalg.norm(mean)
    # Use the average orientation of the faces, not that of the first face.
    turn = (shapes * mean.conj()).sum()
    mean *= turn / abs(turn)
    return np.column_stack([mean.real, mean.imag])


def plot_error_against(runs: Dict[str, FaceErrors],
                       what: str,
                       values: Dict[str, np.ndarray],
                       bins: int = 8) -> Figure:
    """Plots the error against a measurement of the face, such as pose or size.

    Args:
        runs (dict[str, FaceErrors]): Errors by title.
        what (str): Label of the measurement, with its unit.
        values (dict[str, np.ndarray]): Measurement of each face, (N, ), by
            title; NaN if unknown.
        bins (int): Number of bins with equally many faces; each is drawn with
            its mean and 95 % interval.
    """
    figure = new_figure()
    axes, = figure.axes
    known = np.concatenate([v[~np.isnan(v)] for v in values.values()])
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)))
    for index, (title, faces) in enumerate(runs.items()):
        errors, measured = 100 * faces.nme(), values[title]
        bin_of = np.clip(
            np.searchsorted(edges, measured, side='right') - 1, 0,
            max(len(edges) - 2, 0))
        middles, means, spreads = [], [], []
        for number in range(max(len(edges) - 1, 1)):
            inside = (bin_of == number) & ~np.isnan(measured)
            chosen = errors[inside]
            if len(chosen) < 2:
                continue
            middles.append(measured[inside].mean())
            means.append(chosen.mean())
            spreads.append(1.96 * chosen.std(ddof=1) / np.sqrt(len(chosen)))
        axes.errorbar(
            middles, means, spreads, marker='o', markersize=3, capsize=2,
            label=f'{title}: {errors.mean():.2f} %', **line_style(index))
    axes.set(xlabel=what, ylabel='NME (%)')
    axes.set_ylim(bottom=0)
    _legend(axes, range(len(runs)), title='mean NME')
    return figure


def plot_training(runs: Dict[str, List[dict]]) -> Figure:
    """Plots smoothed losses and the validation error, one panel each.

    Args:
        runs (dict[str, list[dict]]): Lines of MMEngine's ``scalars.json`` by
            title.
    """
    names = {key for lines in runs.values() for line in lines for key in line
             if key.startswith('loss')}
    if 'loss' in names and len(names) == 2:  # the sum, and its only part
        names = {'loss'}
    panels = [*sorted(names), 'NME']
    columns = 2 if len(panels) in (2, 4) else 3
    rows = -(-len(panels) // columns)
    figure = new_figure(
        3 * columns, 2.3 * rows + .2 * len(runs), nrows=rows, ncols=columns,
        squeeze=False)
    for axes, name in zip(figure.axes, panels):
        for index, (title, lines) in enumerate(runs.items()):
            # MMEngine logs validation by epoch, without a learning rate.
            points = [
                (line['step'], line[name]) for line in lines
                if name in line and (name == 'NME') == ('lr' not in line)]
            if not points:
                continue
            x, y = np.array(points, float).T
            if name == 'NME':
                axes.plot(x, 100 * y, marker='o', markersize=3, label=title,
                          **line_style(index))
            else:
                axes.plot(x, _smoothed(y), label=title, **line_style(index))
        axes.set_title('validation NME (%)' if name == 'NME' else name)
        axes.set_xlabel('epoch' if name == 'NME' else 'iteration')
        if name != 'NME' and axes.lines:
            axes.set_yscale('log')
    for axes in figure.axes[len(panels):]:
        axes.axis('off')
    handles, labels = figure.axes[len(panels) - 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center',
                  fontsize='small')
    return figure


def _smoothed(values):
    """Running mean over 5 % of the values."""
    window = np.ones(2 * (len(values) // 40) + 1)
    return np.convolve(values, window, 'same') / np.convolve(
        np.ones(len(values)), window, 'same')
