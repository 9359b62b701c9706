from mmpose_thermal.engine.hooks.epoch_seed_hook import epoch_seeds


def test_processes_share_one_seed_and_have_one_each():
    shared, own = zip(*(epoch_seeds(0, 3, rank) for rank in range(4)))
    assert len(set(shared)) == 1
    assert len(set(own)) == 4


def test_epochs_and_runs_have_other_seeds():
    found = {epoch_seeds(seed, epoch, 0)
             for seed in range(3) for epoch in range(3)}
    assert len(found) == 9
