"""Inputs that people really bring, where ``../shared/cases`` lies beside the
repository: its README says what is in each.
"""
from pathlib import Path

import pytest

_CASES = Path(__file__).parents[3] / 'shared' / 'cases'


@pytest.fixture(scope='session')
def cases():
    if not _CASES.is_dir():
        pytest.skip('there is no ../shared/cases')
    return _CASES
