"""Timing, with a clock that the test moves."""
from mmpose_thermal.apis import time_in_turns


def test_calls_take_turns_on_the_given_clock():
    seconds, order = [0.], []

    def call(name, spent):
        order.append(name)
        seconds[0] += spent

    times = time_in_turns(
        dict(slow=lambda: call('slow', 2.), fast=lambda: call('fast', .5)),
        seconds=3., warmup=1, clock=lambda: seconds[0])
    assert times['slow'].tolist() == [2000] * 2
    assert times['fast'].tolist() == [500] * 6
    # One of each for warming up; then in turns, until one has had its time.
    assert order == ['slow', 'fast'] * 3 + ['fast'] * 4
