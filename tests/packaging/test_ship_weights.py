"""What ships is exported, calibrated, measured and described by one command."""
from pathlib import Path

from mmpose_thermal.deployment import load_model
from mmpose_thermal.runtime import ModelInfo
from mmpose_thermal.synthetic import SyntheticSpec, make_synthetic_pairs


def test_models_get_a_calibration_and_a_card(save_student, run_tool, tmp_path):
    data = tmp_path / 'data'
    make_synthetic_pairs(
        str(data), SyntheticSpec(size=96, train=1, val=8, test=4, extra=0,
                                 per_subject=1, seed=3))
    trained, out = save_student(), tmp_path / 'out'
    arguments = ('dev/ship_weights', 'landmarks',
                 Path(trained).with_suffix('.py'), trained, '--data', data,
                 '--out-dir', out, '--real', data / 'annotations/test.json',
                 '--precision', 'fp32')
    assert 'are written' in run_tool(*arguments)
    info, _ = ModelInfo.load(str(out / 'landmarks.onnx'))
    assert set(info.calibration) == {'bias', 'weight', 'factor', 'power'}
    assert info.source['checkpoint'] == 'student.pth'
    # The checkpoint to fine-tune from is the same network.
    again = load_model((trained.replace('.pth', '.py'),
                        str(out / 'landmarks.pth')))
    for name, value in load_model(trained).state_dict().items():
        assert (again.state_dict()[name] == value).all()
    card = out / 'landmarks.md'
    for text in ('fp32, input 64x64', '| rendered val | 8 |',
                 '| rendered test | 4 |', '| real: data | 4 |'):
        assert text in card.read_text()
    # What people wrote stays; what was measured is replaced.
    card.write_text(card.read_text().replace('TO BE WRITTEN', 'Faces, mostly.')
                    .replace('| rendered val | 8 |', '| old |'))
    run_tool(*arguments)
    assert 'Faces, mostly.' in card.read_text()
    assert '| old |' not in card.read_text()
