"""Code that offers several ways to sign in is left to its users; credentials side by side are not alternatives."""

from pathlib import Path

import pytest

from codemods.model import Reported
from tests.codemods.cases import check_noop, run_on

HEAD = (
    "import os\nfrom azure.identity import ChainedTokenCredential, ClientSecretCredential\n"
    "from azure.identity import DefaultAzureCredential, ManagedIdentityCredential\n"
)
CALL = "ClientSecretCredential(T, A, os.environ['S'])"

ALTERNATIVES = {
    "if and else": "if mode == 'sp':\n    c = {call}\nelse:\n    c = DefaultAzureCredential()\n",
    "elif": "if mode == 'mi':\n    c = ManagedIdentityCredential()\nelif mode == 'sp':\n    c = {call}\n",
    "behind a return": "def f():\n    if x:\n        return ManagedIdentityCredential()\n    return {call}\n",
    "before a return": "def f():\n    if mode == 'sp':\n        return {call}\n    return DefaultAzureCredential()\n",
    "a fallback": "try:\n    c = {call}\nexcept ValueError:\n    c = DefaultAzureCredential()\n",
    "a match": "match x:\n    case 1:\n        c = {call}\n    case _:\n        c = DefaultAzureCredential()\n",
    "a conditional expression": "c = {call} if mode == 'sp' else DefaultAzureCredential()\n",
    "an or": "c = mode and {call} or DefaultAzureCredential()\n",
    "methods of a class": "class Auth:\n    def a(self):\n        return {call}\n"
    "    def b(self):\n        return ManagedIdentityCredential()\n",
    "a table": "table = {{'sp': {call}, 'mi': ManagedIdentityCredential()}}\n",
}
SIDE_BY_SIDE = {
    "one after the other": "d = DefaultAzureCredential()\nc = {call}\n",
    "in one function": "def f():\n    vault(DefaultAzureCredential())\n    return {call}\n",
    "links of a chain": "c = ChainedTokenCredential({call}, ManagedIdentityCredential())\n",
    "functions of a module": "def f():\n    return {call}\ndef g():\n    return DefaultAzureCredential()\n",
    "another library's class": "import other\nif x:\n    c = {call}\nelse:\n    c = other.SomeCredential()\n",
    "an assertion": "from azure.identity import ClientAssertionCredential\n"
    "if x:\n    c = {call}\nelse:\n    c = ClientAssertionCredential(T, B, f(ManagedIdentityCredential()))\n",
    "another secret": "if x:\n    c = {call}\nelse:\n    c = ClientSecretCredential(T, A, os.environ['S'])\n",
}


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_one_of_several_ways_is_left_alone(tmp_path: Path, name: str) -> None:
    run = check_noop(tmp_path, HEAD + ALTERNATIVES[name].format(call=CALL), "library-api")
    (found,) = run.sites
    assert isinstance(found, Reported)
    assert found.detail.startswith("another way to sign in on line")


@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_side_by_side_is_no_alternative(tmp_path: Path, name: str) -> None:
    run = run_on(tmp_path, HEAD + SIDE_BY_SIDE[name].format(call=CALL))
    assert run.rewritten
    assert not run.reported


def test_a_certificate_and_a_secret_are_two_ways(tmp_path: Path) -> None:
    source = HEAD + "from azure.identity import CertificateCredential\n"
    source += f"if x:\n    c = {CALL}\nelse:\n    c = CertificateCredential(T, A, os.environ['P'])\n"
    check_noop(tmp_path, source, "library-api", "library-api")
