"""What notes point at, and that nothing else of their text is kept."""

from __future__ import annotations

import pytest

from inventory.noting import noted
from tests.inventory import values

_ARM = "/subscriptions/s/resourceGroups/rg-(a)/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("password is hunter2", ()),
        (f"runs as {values.guid('B', 1)}.", (values.guid("b", 1),)),
        (f"see {_ARM}, please", (_ARM.lower(),)),
        ("code: https://GitHub.com/acme/orders.", ("github.com/acme/orders",)),
        ("https://user:hunter2@dev.azure.com/acme/x/_git/orders?sig=abc", ("dev.azure.com/acme/x/_git/orders",)),
        ("https://example.com/ and https://example.com/wiki", ()),
        ("https://hooks.example.com/services/T0/B0/s3cr3t", ()),
        ("https://github.com/acme/orders/settings?token=s3cr3t", ("github.com/acme/orders",)),
        ("https://acme.visualstudio.com/shop/_git/orders", ("acme.visualstudio.com/shop/_git/orders",)),
        (values.guid("b", 1) + values.guid("b", 2), ()),
    ],
)
def test_only_pointers_are_kept(text: str, found: tuple[str, ...]) -> None:
    assert noted(text) == found


def test_of_too_many_the_first_are_kept_in_order() -> None:
    assert noted(" ".join(values.guid("b", number) for number in range(90, 0, -1))) == tuple(
        values.guid("b", number) for number in range(71, 91)
    )
