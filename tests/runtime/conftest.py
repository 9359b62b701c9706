"""Warnings that are given once are given once a test."""
import pytest

from mmpose_thermal.runtime.warned_once import _GIVEN


@pytest.fixture(autouse=True)
def nothing_said():
    _GIVEN.clear()
