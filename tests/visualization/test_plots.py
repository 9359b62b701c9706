"""Plots show what they are given."""
import cv2
import numpy as np
import pytest
from conftest import face_errors

from mmpose_thermal.visualization import (mean_face, plot_ced,
                                          plot_error_against, plot_face_map,
                                          plot_training, save_figure,
                                          worst_faces)


def test_ced_passes_through_the_shares_of_faces(tmp_path):
    errors = np.array([.02, .04, .06, .48])
    figure = plot_ced({'a': [errors], 'b': [errors / 2, errors]}, limit=.1)
    line = figure.axes[0].lines[0]
    x, y = line.get_data()
    assert y[np.searchsorted(x, 5, side='right') - 1] == 50
    legend = [text.get_text() for text in
              figure.axes[0].get_legend().get_texts()]
    assert legend == ['b: 11.25 %', 'a: 15.00 %']  # best first
    files = save_figure(figure, str(tmp_path / 'ced.png'))
    assert [name[-4:] for name in files] == ['.png', '.svg']
    assert cv2.imread(files[0]) is not None
    assert '<svg' in open(files[1]).read()


def test_no_two_curves_look_alike():
    figure = plot_ced({str(i): [np.array([.1 * i])] for i in range(20)})
    looks = {(line.get_color(), line.get_linestyle())
             for line in figure.axes[0].lines[:20]}
    assert len(looks) == 20


def test_mean_face_undoes_pose():
    faces = face_errors(count=6)
    shape = faces.truth[0] - faces.truth[0].mean(0)
    for index, (angle, scale) in enumerate(
            zip(np.linspace(-.6, .6, 6), (1, 2, 3, .5, 1, 1))):
        turn = np.array([[np.cos(angle), -np.sin(angle)],
                         [np.sin(angle), np.cos(angle)]])
        faces.truth[index] = scale * shape @ turn.T + (50, 90)
    faces.labelled[3, :5] = False
    expected = shape / np.linalg.norm(shape)
    assert mean_face(faces) == pytest.approx(expected, abs=.02)


def test_face_map_colours_points_by_their_error():
    faces = face_errors(error_px=.1)
    faces.predicted[:, 30] += 20
    figure = plot_face_map(dict(one=faces, other=face_errors()))
    colours = figure.axes[0].collections[0].get_array()
    assert np.argmax(colours) == 30
    assert colours[30] == pytest.approx(100 * np.sqrt(800) / 40, rel=.05)
    assert any('nose' in text.get_text() for text in figure.axes[0].texts)


def test_error_against_pose_sorts_faces_into_bins():
    faces = face_errors(count=40)
    yaw = np.arange(40.)
    faces.predicted[20:] = faces.truth[20:] + (0, 8)
    yaw[0] = np.nan  # not stated
    figure = plot_error_against(dict(a=faces), 'yaw', dict(a=yaw), bins=2)
    x, y = figure.axes[0].lines[0].get_data()
    assert len(x) == 2 and y[1] == pytest.approx(20, rel=.1) and y[0] < 15


def test_training_curves_one_panel_a_loss():
    lines = [dict(step=i, lr=1, loss_kpt=1 / i, loss_dikd=2 / i)
             for i in range(1, 9)] + [dict(step=1, NME=.2), dict(step=2, NME=.1)]
    plain = [dict(step=i, lr=1, loss_kpt=1 / i) for i in range(1, 9)]
    figure = plot_training(dict(dikd=lines, plain=plain))
    panels = {axes.get_title(): axes for axes in figure.axes if axes.lines}
    assert set(panels) == {'loss_dikd', 'loss_kpt', 'validation NME (%)'}
    assert len(panels['loss_kpt'].lines) == 2
    assert panels['validation NME (%)'].lines[0].get_ydata().tolist() == [
        20, 10]
    summed = [dict(line, loss=line['loss_kpt']) for line in plain]
    figure = plot_training(dict(plain=summed))
    assert [axes.get_title() for axes in figure.axes if axes.lines] == ['loss']


def test_worst_faces_come_first(tmp_path):
    for index in range(4):
        image = np.full((100, 100), 60 + 40 * index, np.uint8)
        cv2.imwrite(str(tmp_path / f'{index}.png'), image)
    faces = face_errors(
        count=4, error_px=.5,
        images=[str(tmp_path / f'{i}.png') for i in range(4)])
    faces.predicted[2] += 10
    sheet = worst_faces(faces, count=2, columns=1, side_px=120)
    assert sheet.shape[0] > 2 * 120 and sheet.shape[2] == 3
    # the upper tile is the third image's grey
    assert np.median(sheet[20:120, 4:124]) == 140
    (tmp_path / '2.png').unlink()
    with pytest.raises(FileNotFoundError, match='2.png'):
        worst_faces(faces, count=1)
