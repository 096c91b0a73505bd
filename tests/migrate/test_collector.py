from __future__ import annotations

import gc

import pytest

from migrate import collector


def test_the_collector_goes_on_afterwards_where_it_was_on() -> None:
    assert gc.isenabled()
    with collector.paused():
        assert not gc.isenabled()
        with collector.paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_goes_on_after_a_failure() -> None:
    with pytest.raises(ValueError, match="x"), collector.paused():
        raise ValueError("x")
    assert gc.isenabled()


def test_the_collector_looks_seldom_and_then_as_often_as_before() -> None:
    before = gc.get_threshold()
    with collector.eased():
        assert gc.isenabled()
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
    with pytest.raises(ValueError, match="x"), collector.eased():
        raise ValueError("x")
    assert gc.get_threshold() == before
