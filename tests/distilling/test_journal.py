"""A run is resumed at its stages."""
import pytest

from mmpose_thermal.distilling.journal import Journal


@pytest.fixture
def run(tmp_path):
    """Runs two stages, like another process each time; returns what was done."""

    def run(one=1, two=1, fails=False):
        done, said = [], []
        journal = Journal(str(tmp_path / 'journal.json'), ('one', 'two'), said.append)

        def work(name):
            done.append(name)
            if fails and name == 'two':
                raise KeyboardInterrupt
            (tmp_path / name).touch()
            return dict(name=name, files=[str(tmp_path / name)])

        try:
            for name, inputs in (('one', one), ('two', two)):
                result = journal.stage(name, dict(inputs=inputs),
                                       lambda: work(name))
                assert result['name'] == name
        except KeyboardInterrupt:
            pass
        return done, said

    return run


def test_a_finished_stage_is_skipped_by_the_next_process(run):
    assert run() == (['one', 'two'], ['[1/2] one', '[2/2] two'])
    assert run() == ([], ['[1/2] one: done before', '[2/2] two: done before'])


def test_an_interrupted_stage_is_done_again_but_not_those_before(run):
    assert run(fails=True)[0] == ['one', 'two']
    assert run()[0] == ['two']


@pytest.mark.parametrize('changed, done', [
    (dict(one=(2, )), ['one', 'two']), (dict(two=(2, )), ['two'])])
def test_other_inputs_do_a_stage_and_all_later_ones_again(run, changed, done):
    run()
    assert run(**changed)[0] == done
    assert run(**changed)[0] == []


def test_a_stage_whose_files_are_gone_is_done_again(run, tmp_path):
    run()
    (tmp_path / 'one').unlink()
    assert run()[0] == ['one', 'two']
