"""Seeded runs of a rollout in tenants in which things go wrong, by two operators at once."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from azure.keyvault.secrets._shared import http_challenge_cache

from migrate import vault_writer
from migrate.journal.store import SqlJournal
from tests.support.mishaps import Mishaps, Ran
from tests.support.postgres import Server
from tests.support.rollout import rollout
from tests.support.wide import Wide

RUNS = "UNSECRET_TEST_RUNS"
"""Seeds of the long test, as FIRST-LAST; 1-1000 where nothing is said, wide ones from 2001 on."""
PROGRESS = "UNSECRET_TEST_PROGRESS"


WIDE = 2000
"""Seeds from here on are those of wide runs, with the other road and with emergencies."""


def ran(folder: Path, seed: int, url: str | None = None) -> Ran:
    folder.mkdir()
    kind = Wide if seed > WIDE else Mishaps
    with pytest.MonkeyPatch.context() as patch, rollout(folder, patch, apps=8, seed=seed % WIDE) as base:
        if kind is Wide:
            http_challenge_cache.clear()  # of vaults of the same name in the tenants of other runs
            patch.setenv("HTTPS_PROXY", base.emulator.proxy_endpoint)
            patch.setitem(vault_writer._OPTIONS, "retry_backoff_factor", 0.01)
        where = url or f"sqlite:///{folder / 'journal.db'}"

        def opened() -> SqlJournal:
            return SqlJournal(where, base.clock)

        with closing(opened()) as mine, closing(opened()) as other:
            first, base.journal = base.journal, mine
            try:
                return kind(base=base, other=other, url=opened, seed=seed).run()
            finally:
                base.journal = first


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, WIDE + 3])
def test_nothing_is_lost_in_a_tenant_that_fails_at_random(tmp_path: Path, seed: int) -> None:
    assert ran(tmp_path / "run", seed).wrong == []


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(101, 104))
def test_two_operators_share_a_plan_on_postgresql(tmp_path: Path, postgres: Server, seed: int) -> None:
    found = ran(tmp_path / "run", seed, postgres.emptied())
    assert found.wrong == []
    assert found.removed > 0


@pytest.mark.exhaustive
@pytest.mark.timeout(24 * 3600)
def test_nothing_is_lost_in_a_thousand_runs(tmp_path: Path) -> None:
    first, _, last = os.environ.get(RUNS, "1-1000").partition("-")
    wrong: dict[int, list[str]] = {}
    kinds: Counter[str] = Counter()
    progress = os.environ.get(PROGRESS)
    removed = failed = sealed = 0
    for seed in range(int(first), int(last) + 1):
        found = ran(tmp_path / str(seed), seed)
        kinds.update(found.kinds)
        removed, failed, sealed = removed + found.removed, failed + found.fired, sealed + found.sealed
        if found.wrong:
            wrong[seed] = found.wrong
        if progress:
            with Path(progress).open("a") as file:
                file.write(f"{found}\n")
    assert wrong == {}
    assert removed > 0
    assert failed > 0
    assert sealed > 0
    assert len(kinds) > 5
