from __future__ import annotations

from pathlib import Path

import click
import pytest

from inventory.cloud import Cloud
from migrate.cli.options import Settings
from migrate.cli.tenants import read_tenants

SETTINGS = Settings(journal="", cloud=None, tenant="mine", graph_endpoint=None, as_json=False)
ONE = "aaaaaaaa-0000-4000-8000-000000000000"


def read(folder: Path, text: str) -> list[tuple[str | None, Cloud | None, Path]]:
    file = folder / "tenants.toml"
    file.write_text(text, "utf-8")
    return [(each.settings.tenant, each.settings.cloud, each.out) for each in read_tenants(file, SETTINGS)]


def test_each_tenant_has_a_file_of_its_own_beside_the_list(tmp_path: Path) -> None:
    text = f'[[tenant]]\nid = "{ONE}"\n[[tenant]]\nid = "contoso.com"\ncloud = "usgov"\nout = "gov/c.db"\n'
    assert read(tmp_path, text) == [
        (ONE, None, tmp_path / f"{ONE}.db"),
        ("contoso.com", Cloud.USGOV, tmp_path / "gov" / "c.db"),
    ]


def test_a_tenant_names_variables_of_its_own_for_its_credential(tmp_path: Path) -> None:
    file = tmp_path / "tenants.toml"
    file.write_text(f'[[tenant]]\nid = "{ONE}"\nvariables = "CONTOSO_2"\n[[tenant]]\nid = "contoso.com"\n', "utf-8")
    assert [each.settings.variables for each in read_tenants(file, SETTINGS)] == ["CONTOSO_2", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it holds no"),
        ("tenant = 5", "it holds no"),
        ("[[tenant]]", "tenant 1 has no id"),
        ('[[tenant]]\nid = "../x"', "tenant 1 has no id"),
        ('[[tenant]]\nid = "a"\nname = "x"', "tenant 1 has 'name'; known are cloud, id, out, variables"),
        ('[[tenant]]\nid = "a"\ncloud = "moon"', "known are public, usgov, china"),
        ('[[tenant]]\nid = "a"\nvariables = "con toso"', "tenant 1 has variables that are none"),
        ("[[tenant]]\nid = 5", "tenant 1 is no table of texts"),
        ('[[tenant]]\nid = "a"\n[[tenant]]\nid = "b"\nout = "a.db"', "the same out"),
        ('[[tenant]]\nid = "a"\n[[tenant]]\nid = "b"\nout = "./a.db"', "the same out"),
        ('[[tenant]]\nid = "a"\n[[tenant]]\nid = "b"\nout = "x/../a.db"', "the same out"),
        ('[[tenant]]\nid = "a"\nout = "x\\u0000y.db"', "an out is no name of a file"),
        ('[[tenant]]\nid = "a"\nout = ""', "an out is no name of a file"),
        ("[[tenant]", "it is no TOML"),
        ("a = " + "[" * 20_000, "it is no TOML"),
        ("a = " + "9" * 6_000, "it is no TOML"),
        ("[" + "a." * 50_000 + "a]", "line 1 has a key of more than 32 parts"),
        ('secret = "x"\n[[tenant]]\nid = "a"', "something else beside them"),
    ],
)
def test_whatever_is_wrong_in_it_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value).rstrip()


def test_a_list_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert [tenant for tenant, *_ in read(tmp_path, '\ufeff[[tenant]]\nid = "a"')] == ["a"]


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="cannot be read"):
        read_tenants(tmp_path / "none.toml", SETTINGS)
