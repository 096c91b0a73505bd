"""A log to replay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.exported import export, record

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT = "dddddddd-0000-4000-8000-000000000001"
OTHER = "dddddddd-0000-4000-8000-000000000002"
KEY = "eeeeeeee-0000-4000-8000-000000000001"
SECOND = "eeeeeeee-0000-4000-8000-000000000002"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A hundred days of a busy application, of a monthly job, and of one that ended."""
    records = []
    for day in range(100):
        at = BEGIN + timedelta(days=day, hours=3)
        records.append(record(at, CLIENT, servicePrincipalCredentialKeyId=KEY))
        if day in {5, 40, 75}:
            records.append(record(at, OTHER, servicePrincipalCredentialKeyId=SECOND, ipAddress="203.0.113.9"))
        if day in {50, 90}:
            records.append(record(at, OTHER, servicePrincipalCredentialKeyId=SECOND, error=7000222))
        if day == 1:
            records.append(record(at, OTHER, servicePrincipalCredentialKeyId=KEY.replace("1", "3")))
    export(tmp_path / "logs", records)
    (tmp_path / "strict.toml").write_text("[retire]\nunused_days = 28\nsoak_hours = 240\n")
    return tmp_path / "logs"
