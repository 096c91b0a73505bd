"""Small wrong changes to transforms and engine, made on a copy: the cases must notice every one of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CHECK = """\
import sys, tempfile
from pathlib import Path
from codemods.cases import NO_APP, OTHER_TENANT, CHECK, REPORTED, REWRITTEN, cases, subjects
from codemods.engine.check import check
from codemods.engine.run import rewrite
from codemods.engine.evidence import Evidence
from codemods.model import Request, Target

APP, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def run(folder, name, case):
    for path, text in case.files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    tenant = OTHER if case.condition == OTHER_TENANT else None
    look = check if case.condition == CHECK else rewrite
    asked = {"targets": (Target(client_id=APP, tenant_id=tenant),)}
    asked["app"] = None if case.condition == NO_APP else APP
    asked["environment_credential"] = name.startswith("environment")
    return look(Request(paths=(folder,), apply=True, **({} if case.condition == CHECK else asked)))


Evidence.of = lambda self, text: self.everything  # a mutant shows in every case, whatever its evidence is

names = [item for kind in (REWRITTEN, REPORTED, "unrelated") for item in subjects(kind)]
for name in sorted(names, key=lambda name: not name.startswith(sys.argv[1])):  # the likeliest first
    for case in cases(name):
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = run(Path(folder), name, case)
            except Exception as error:
                sys.exit(f"{name}: {case.name}: {error!r}")
            text = (Path(folder) / case.files[0][0]).read_text()
            reasons = tuple(item.reason.value for item in done.reported)
            if text != (case.after or case.before) or reasons != case.reasons:
                sys.exit(f"{name}: {case.name}")
"""
IDENTITY, MSAL, WEB = "transforms/azure_identity.py", "transforms/msal.py", "transforms/identity_web.py"
CREDENTIAL, REQUEST, ENVIRONMENT = "client_credential.py", "token_request.py", "transforms/environment.py"
OTHERS, PROVIDER = "transforms/others.py", "provider.py"
PROOFS, SENDING = "other_proofs.py", "sending.py"
RAW, STORED, DATA = "transforms/raw_http.py", "transforms/stored_secrets.py", "transforms/data_access.py"
AUTHORITY = "authority.py"
SUBJECTS = {
    CREDENTIAL: "msal",
    RAW: "token_request",
    PROOFS: "token_request",
    SENDING: "token_request",
    AUTHORITY: "msal",
    "engine/rewrite.py": "token_request",
    "engine/sites.py": "stored_secrets",
    "engine/file.py": "environment",
    "engine/secrets.py": "azure_identity",
    "engine/edits.py": "azure_identity",
    "engine/plan.py": "stored_secrets",
    "engine/unions.py": "azure_identity",
    "engine/indirect.py": "azure_identity",
    "engine/handed_over.py": "others",
    "engine/uses.py": "places",
    "engine/needs.py": "places",
    **dict.fromkeys(
        (f"engine/{name}.py" for name in ("wholes", "fallback", "composed", "fields", "attributes", "definitions")),
        "secrets",
    ),
    PROVIDER: "others",
    "names.py": "token_request",
    "shapes.py": "stored_secrets",
}
MUTANTS = [
    (IDENTITY, 'call.argument(2, "client_secret")', 'call.argument(1, "client_secret")'),
    (IDENTITY, 'None if first.keyword is None else "func"', 'None if first.keyword is None else "client_secret"'),
    (IDENTITY, "secret is None or call.unpacks_positions", "secret is None"),
    (IDENTITY, "    if call.unpacks:\n        return _hidden(call)\n", ""),
    (IDENTITY, "(replaced, *(Remove(index=argument.index) for argument in rest))", "(replaced,)"),
    (IDENTITY, "(replaced, *(Remove(index=argument.index) for argument in dropped[1:]))", "(replaced,)"),
    (IDENTITY, 'keyword="client_assertion_func"', 'keyword="client_secret"'),
    (IDENTITY, 'HelperClass() if ".aio." in call.construct else', "HelperClass() if False else"),
    (IDENTITY, "elif hides_authority(call):", "elif False:"),
    (IDENTITY, "if call.unpacks:  # **", "if False:  # **"),
    (MSAL, 'call.argument(1, "client_credential")', 'call.argument(2, "client_credential")'),
    (MSAL, "_CLAIMS_POSITION = 9", "_CLAIMS_POSITION = 8"),
    (AUTHORITY, '".b2clogin.com": "B2C", ', ""),
    (MSAL, "if already:", "if False:"),
    (MSAL, "if authority is None and not call.unpacks_positions", "if False"),
    (WEB, '"flask": 1', '"flask": 0'),
    (WEB, '_ELSEWHERE = ("oidc_authority", ', "_ELSEWHERE = ("),
    (CREDENTIAL, '{{"client_assertion": {ASSERTION}}}', '{{"client_assertion": {ASSERTION}()}}'),
    (CREDENTIAL, "if None in value.keys:", "if False:"),
    (CREDENTIAL, "case ast.IfExp() | ast.Lambda() | None:", "case ast.Lambda() | None:"),
    (REQUEST, "not _ENDPOINT.fullmatch(", "not _ENDPOINT.match("),
    (REQUEST, 'r"https://(login', 'r"https?://(login'),
    (REQUEST, '{"auth", "json", "content", "files"}', '{"json", "content", "files"}'),
    (REQUEST, "None in named", "False"),
    (REQUEST, " and _is_sent_once(module, call)", ""),
    (REQUEST, "and None not in keys and not", "and not"),
    (REQUEST, 'else f"{ASSERTION}()")', "else ASSERTION)"),
    (REQUEST, '(("client_assertion_type", ASSERTION_TYPE), ', "("),
    (REQUEST, 'found["tenant"].lower() in SHARED_TENANTS', "False"),
    (REQUEST, "client and _is_client(module, call.func.value)", "client"),
    (RAW, '_NO_BODY = frozenset({"headers", ', "_NO_BODY = frozenset({"),
    (ENVIRONMENT, "call.node.args or handled or chained:", "call.node.args or chained:"),
    (ENVIRONMENT, "call.node.args or handled or chained:", "call.node.args or handled:"),
    (RAW, "if oauth_session.is_given_elsewhere(module, fields) or", "if"),
    (ENVIRONMENT, "(_TENANT, _CLIENT, ASSERTION)", "(_CLIENT, _TENANT, ASSERTION)"),
    (ENVIRONMENT, 'names=("os",),', ""),
    (SENDING, "(?<![|,;])(^|", "(^|"),
    (RAW, "    yield from _callers(module)\n", ""),
    (PROOFS, "if secret is None or (isinstance(secret, ast.Constant) and not secret.value):", "if secret is None:"),
    (DATA, "_ICEBERG in keys or _are_storage", "_are_storage"),
    (DATA, "not _TENANTS.isdisjoint(keys) or _names_azure(module)", "True"),
    (DATA, "isinstance(around, ast.Raise) or ", ""),
    (DATA, "_storage(call) if _AZURE.search(text) else None", "_storage(call)"),
    (DATA, "call.unpacks and _speaks_of_azure(call.module)", "call.unpacks"),
    (RAW, " and not _NEVER & fields", ""),
    (RAW, " or (is_json(module, node) and not knows_host(module))", ""),
    (RAW, "return not makes or _MICROSOFT.search(name) is not None", "return True"),
    (SENDING, "or (bool(keys) and None not in keys and not updated)", ""),
    (SENDING, " or _is_filled_in(module, name)", ""),
    (RAW, "        elif beside:\n", "        elif False:\n"),
    (RAW, " and not _is_variable(value)", ""),
    (PROOFS, " and not symmetric", ""),
    (PROOFS, 'return value.attr == "token"', "return False"),
    (PROOFS, "    return named if _signs(module) else", "    return named if True else"),
    (PROOFS, "yield from (*_either(yes), *_either(no))", "yield value"),
    (RAW, "(entra and text.value == proof) or _may_be_body(module, item)", "(entra and text.value == proof)"),
    (OTHERS, "hidden = known and not all", "hidden = not all"),
    (ENVIRONMENT, " or _is_setter_by_name(parent, node)", ""),
    (ENVIRONMENT, " or len(parent.args) + len(parent.keywords) == 1", ""),
    (PROVIDER, "    if _ADDRESS.match(text):\n        return True\n", ""),
    (PROVIDER, 'found["tenant"] is None or _TENANT', "_TENANT"),
    (PROVIDER, "return inside or [value for _, value in found]", "return [value for _, value in found]"),
    ("engine/unions.py", "        if is_type_test(module, use):\n            return ReasonCode.TYPE_DEPENDENT\n", ""),
    ("engine/unions.py", "ReasonCode.CLASS_AS_VALUE\n    return None", "None\n    return None"),
    ("engine/indirect.py", "if called or isinstance", "if isinstance"),
    ("engine/indirect.py", " or _asks_for_type(self.module, node)", ""),
    ("engine/handed_over.py", " or tenant is None", ""),
    ("engine/handed_over.py", " or _is_nothing(secret)", ""),
    ("engine/uses.py", "    if _is_setting(module, holder):\n", "    if False:\n"),
    (DATA, "[^']*(\\{\\}|/oauth2/)[^']*", "[^']*"),
    (ENVIRONMENT, "parent.slice is used and _is_written(module, parent)", "parent.slice is used"),
    (ENVIRONMENT, "(named := module.constant(used) or name) in _SET", "(named := name) in _SET"),
    ("engine/secrets.py", '_CASTS = frozenset({"typing.cast"', '_CASTS = frozenset({"cast"'),
    ("engine/edits.py", "for name in group.callees.values() if name", "for name in self.callees.values() if name"),
    (ENVIRONMENT, "return child or merged", "return merged"),
    (STORED, 'item.qualified.startswith("azure.keyvault")', 'item.qualified.startswith("")'),
    (DATA, "parent.arg in _OPTION_NAMES for parent in parents", "False for parent in parents"),
    ("engine/rewrite.py", "    arguments[:0] = new", "    arguments[1:1] = new"),
    ("engine/rewrite.py", "elements[edit.index : edit.index + 1] =", "elements[edit.index : edit.index] ="),
    ("engine/sites.py", "_is_stored(occurrence) and any(", "_is_stored(occurrence) and not all("),
    ("engine/sites.py", 'in ENTRA_SECRET_WORD.finditer(text) if "Q~" in text else ():', "in ():"),
    ("engine/file.py", "            if name in read and meanings != {name}:\n                return name\n", ""),
    ("engine/plan.py", "    ReasonCode.LITERAL_SECRET,\n", ""),
    ("names.py", "            self.scopes[node] = scope\n            self.dicts", "            self.dicts"),
    ("shapes.py", r'rf"(?<![A-Za-z0-9_~.-]){', 'rf"{'),
    ("engine/wholes.py", '    "items", "values", ', '    "values", '),
    ("engine/wholes.py", "case ast.keyword(arg=None) | ast.Starred():", "case ast.Starred():"),
    ("engine/wholes.py", "        case ast.Compare(left=left,", "        case ast.Compare(left=ast.Name() as left,"),
    ("engine/fallback.py", " and kind_of(handler.body, may_bind=True) is Refusal.NONE", " and False"),
    ("engine/composed.py", "return (head, tail) if head or tail else None", "return None"),
    ("engine/fields.py", "return not old and _may_be_none(", "return False and _may_be_none("),
    ("engine/attributes.py", " or owner.keywords or derived:", " or owner.keywords:"),
    ("engine/needs.py", " or _is_of_flask(found[0], key)", ""),
    ("engine/definitions.py", "or not optional or refuses_default(", "or not optional or False and refuses_default("),
    (RAW, " or _is_settings(module, node, fields)", ""),
]  # fmt: skip


def _checked(folder: Path, first: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHECK, first]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # bytecode would outlive a change of the same second
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "codemods", folder / "codemods", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_cases_hold_without_a_mutation(copied: Path) -> None:
    done = _checked(copied)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("at", range(len(MUTANTS)))
def test_the_cases_notice(copied: Path, at: int) -> None:
    name, old, new = MUTANTS[at]
    path = copied / "codemods" / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1, "this mutation is out of date"
    path.write_text(text.replace(old, new), "utf-8")
    try:
        done = _checked(copied, SUBJECTS.get(name, path.stem))
    finally:
        path.write_text(text, "utf-8")
    assert done.returncode == 1, f"{name}: {old} -> {new}"
