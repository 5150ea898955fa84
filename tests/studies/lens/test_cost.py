"""What calls are said to cost."""

import multiprocessing
import time

import pytest
import torch

from liegg.studies.lens import cost


def hold(megabytes, seconds):
    """Fill so much memory for a while."""
    block = torch.ones(int(megabytes * 1e6), dtype=torch.uint8)
    time.sleep(seconds)
    return block[:3]


def fail():
    raise ZeroDivisionError("there, not here")


def test_measured_counts_time_and_memory_of_the_call_alone():
    result, seconds, megabytes = cost.measured(hold, 200, seconds=0.3)
    assert result.tolist() == [1, 1, 1]
    assert 0.3 <= seconds < 2 and megabytes == pytest.approx(200, rel=0.25)
    assert not multiprocessing.active_children()


def test_measured_passes_exceptions_on():
    with pytest.raises(ZeroDivisionError, match="there, not here") as raised:
        cost.measured(fail)
    assert "in fail" in str(raised.value.__cause__)
