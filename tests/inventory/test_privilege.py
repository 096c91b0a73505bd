from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.directory import TierOf
from inventory.estate import RoleKind, Tier
from inventory.privilege import tier_of
from inventory.privileged_permissions import ENDINGS, PERMISSIONS, RESOURCES
from inventory.privileged_roles import ROLES
from tests.inventory.values import guid

_PAGE = Path(__file__).parents[2] / "docs" / "privilege.md"
_JUDGE: TierOf = tier_of
_GRAPH = "Microsoft Graph"
_OWN_ID = guid("8", 1)


def _permission(name: str, resource: str = _GRAPH) -> Tier:
    tier, reason = _JUDGE(RoleKind.APP_ROLE, name, _OWN_ID, resource)
    assert reason
    return tier


def _role(role_id: str, name: str = "") -> Tier:
    tier, reason = _JUDGE(RoleKind.DIRECTORY_ROLE, name, role_id, "")
    assert reason
    return tier


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("RoleManagement.ReadWrite.Directory", Tier.CONTROL),
        ("AppRoleAssignment.ReadWrite.All", Tier.CONTROL),
        ("Application.ReadWrite.All", Tier.CONTROL),
        ("Directory.ReadWrite.All", Tier.MANAGEMENT),
        ("Mail.Read", Tier.MANAGEMENT),
        ("Sites.FullControl.All", Tier.MANAGEMENT),
        ("Anything.Read.All", Tier.MANAGEMENT),
        ("Application.ReadWrite.OwnedBy", Tier.WORKLOAD),
        ("Sites.Selected", Tier.WORKLOAD),
        ("Lists.SelectedOperations.Selected", Tier.WORKLOAD),
        ("Anything.ReadWrite.All", Tier.UNKNOWN),
        ("application.readwrite.all", Tier.UNKNOWN),
        ("Selected", Tier.UNKNOWN),
        ("", Tier.UNKNOWN),
        (_OWN_ID, Tier.UNKNOWN),
    ],
)
def test_a_permission_of_microsofts_resources_is_known_by_its_value(name: str, tier: Tier) -> None:
    assert _permission(name) is tier


@pytest.mark.parametrize("resource", ["orders-api", "microsoft graph", "", guid("7", 1)])
@pytest.mark.parametrize("name", ["Sites.Selected", "Directory.Read.All", "Application.ReadWrite.All"])
def test_a_resource_of_somebody_else_is_not_judged_by_the_names_it_chose(name: str, resource: str) -> None:
    assert _permission(name, resource) is Tier.UNKNOWN


@pytest.mark.parametrize(
    ("role_id", "tier"),
    [
        ("62e90394-69f5-4237-9190-012177145e10", Tier.CONTROL),
        ("62E90394-69F5-4237-9190-012177145E10", Tier.CONTROL),
        ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", Tier.CONTROL),
        ("e8611ab8-c189-46e8-94e1-60213ab1f814", Tier.CONTROL),
        ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", Tier.MANAGEMENT),
        ("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", Tier.WORKLOAD),
    ],
)
def test_a_built_in_directory_role_is_known_by_its_id_whatever_it_is_called(role_id: str, tier: Tier) -> None:
    assert _role(role_id) is _role(role_id, "Message Center Reader") is tier


@given(st.sampled_from(sorted(name for name, _, _ in ROLES.values())), st.uuids())
def test_a_custom_role_is_unknown_whatever_it_is_called(name: str, made: object) -> None:
    assert _role(str(made), name) is Tier.UNKNOWN
    assert name in tier_of(RoleKind.DIRECTORY_ROLE, name, str(made), "")[1]


@given(st.sampled_from(RoleKind), st.text(max_size=60), st.text(max_size=40), st.text(max_size=30))
def test_any_role_gets_a_tier_and_a_reason(kind: RoleKind, role: str, role_id: str, resource: str) -> None:
    tier, reason = tier_of(kind, role, role_id, resource)
    assert tier in Tier
    assert reason


@given(st.from_regex(r"[A-Z][a-z]{2,9}(-[A-Z][a-z]{2,9})?\.ReadWrite(\.[A-Z][A-Za-z]{2,9})?", fullmatch=True))
def test_what_writes_is_never_taken_for_harmless_by_its_name(name: str) -> None:
    known = PERMISSIONS.get(name)
    limited = name.endswith((".OwnedBy", ".Selected", ".WhereInstalled", ".AppFolder"))
    assert _permission(name) is (known[0] if known else Tier.WORKLOAD if limited else Tier.UNKNOWN)


def test_no_name_of_a_role_stands_twice_and_no_id_is_spelled_oddly() -> None:
    names = [name for name, _, _ in ROLES.values()]
    assert len(set(names)) == len(names)
    assert not [key for key in ROLES if key != key.lower() or len(key) != len(_OWN_ID)]


def test_the_page_lists_every_rule_and_no_other() -> None:
    page = _PAGE.read_text("utf-8")
    rows = [f"| {name} | {tier.name.lower()} | {why} |" for name, (tier, why) in {**PERMISSIONS, **ENDINGS}.items()]
    rows += [f"| {name} | {key} | {tier.name.lower()} | {why} |" for key, (name, tier, why) in ROLES.items()]
    rows += [f"| {tier.value} | {tier.name.lower()} |" for tier in Tier]
    assert not [row for row in rows if row not in page]
    assert page.count("\n| ") == len(rows) + 4  # a head for each table
    assert not [name for name in RESOURCES if name not in " ".join(page.split())]
