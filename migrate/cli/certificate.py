"""``unsecret certificate``: why credentials were removed, as documents that are checked offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from migrate import certificate
from migrate.cli import outputs
from migrate.cli.options import FILE, Named, Settings, common
from migrate.cli.output import emit
from migrate.clientid import client_id
from migrate.clock import SystemClock
from migrate.errors import CertificateError
from migrate.journal import archive

_LARGEST = 1 << 28
_FOLDER = click.Path(file_okay=False, path_type=Path)
_PLACE = Named(path_type=Path)


@click.group()
def command() -> None:
    """Write and check certificates of retirement: per removed credential, why nothing needed it any more."""


@command.command()
@click.option("--app", metavar="ID", help="Only the application of this client id.")
@click.option("--out", type=_FOLDER, required=True, help="Folder that they are written to.")
@click.option("--key", type=FILE, metavar="KEY.pem", help="Private Ed25519 key of the team to sign them with.")
@common
def write(*, settings: Settings, app: str | None, out: Path, key: Path | None) -> int:
    """Write one JSON document for each credential that the journal says was removed.

    Exit code 1 where one cannot be certified, as the journal does not say what its removal rested on.
    """
    if app is not None and client_id(app) is None:
        raise click.BadParameter(f"{app!r} is no client id", click.get_current_context(), param_hint="--app")
    signer = _signer(key) if key else None
    header, found = archive.by_application(settings.journal, SystemClock())
    origin = certificate.Origin(journal=header.journal, entries=header.entries, head=header.head)
    chosen = {each: rows for each, rows in found.items() if app is None or each == app.lower()}
    rows = [row for each in chosen.values() for row in _written(origin, each, signer, out)]
    if app is not None and not rows:
        raise CertificateError(f"no credential of application {app} was removed, as far as this journal knows")
    emit(settings, [*map(_line, rows), f"{sum('file' in each for each in rows)} certificates in {out}"], rows)
    return 0 if all("file" in each for each in rows) else 1


@command.command()
@click.argument("places", metavar="FILE|FOLDER...", nargs=-1, required=True, type=_PLACE)
@click.option("--public-key", type=FILE, metavar="KEY.pem", help="The key of the team that they must be signed with.")
@common
def verify(*, settings: Settings, places: tuple[Path, ...], public_key: Path | None) -> int:
    """Check certificates with nothing but the FILEs, and the public key where they are signed.

    Of a FOLDER, every *.json in it. The hash of every entry, that the entries bear out the claims, that they amount to
    proofs, and the signature; exit code 1 where one does not hold, 2 where one cannot be read.
    """
    key = certificate.public_key(_read(public_key), str(public_key)) if public_key else None
    rows = [_checked(path, key) for place in places for path in _files(place)]
    unread = next((row for row in rows if row["sound"] is None), None)
    told = [row for row in rows if row is not unread]
    emit(settings, (line for row in told for line in _verdict(row, checked=key is not None)), rows)
    if unread is not None:
        raise CertificateError(unread["problems"][0]["what"])
    return 0 if all(row["sound"] for row in rows) else 1


def _files(place: Path) -> list[Path]:
    """List what is to be checked: a file, be it there or not, or the certificates of a folder."""
    if not place.is_dir():
        return [place]
    try:
        found = sorted(each for each in place.iterdir() if each.suffix == ".json")
    except OSError as error:
        raise CertificateError(f"cannot read {place}: {error.strerror}; name a folder that can be read") from error
    if not found:
        raise CertificateError(f"{place} holds no *.json; name the folder that 'certificate write --out' wrote to")
    return found


def _checked(path: Path, key: Any) -> dict[str, Any]:
    """Return the verdict on a file; ``sound`` is None where it cannot be read, so that nothing is known of it."""
    try:
        content = _read(path)
    except CertificateError as error:
        return {"file": str(path), "sound": None, "problems": [{"where": "file", "what": str(error)}]}
    problems = certificate.check(content, key)
    told = [{"where": each.where, "what": each.what} for each in problems]
    return {"file": str(path), "sound": not problems, "problems": told, **_told(content, problems)}


def _signer(path: Path) -> Any:
    key = certificate.private_key(_read(path), str(path))
    return lambda content: certificate.sign(key, content)


def _written(origin: certificate.Origin, rows: list[Any], signer: Any, out: Path) -> Iterator[dict[str, Any]]:
    for key_id, holder in certificate.retired(rows):
        row = {"application": rows[0]["application"], "credential": key_id}
        try:
            document = certificate.make(origin, rows, key_id, holder, signer)
        except certificate.UnfitError as error:
            yield {**row, "why": str(error)}
            continue
        path = out / certificate.name_of(document)
        outputs.for_certificate(path)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CertificateError(f"cannot write {path}: {error.strerror}; choose another --out") from error
        outputs.write(path, certificate.file(document))
        yield {**row, "file": str(path)}


def _line(row: dict[str, Any]) -> str:
    if "file" in row:
        return f"{row['application']}  {row['credential']}  {row['file']}"
    return f"{row['application']}  {row['credential']}  NOT CERTIFIED: {row['why']}"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise CertificateError(f"cannot read {path}: {error.strerror}; name a file that is there") from error
    if len(content) > _LARGEST:
        raise CertificateError(f"{path} is larger than a certificate or key can be; name another file")
    return content


def _told(content: bytes, problems: tuple[certificate.Problem, ...]) -> dict[str, Any]:
    """Return what a sound certificate is about; of one that is not, nothing is repeated."""
    if problems:
        return {}
    document = certificate.parsed(content)
    claims, signed = document["claims"], document["signature"]
    return {
        "application": claims["application"]["client_id"],
        "display_name": claims["application"]["display_name"],
        "credential": claims["credential"]["key_id"],
        "removed": claims["removal"]["done"]["tenant_time"],
        "public_key": signed["public_key"] if signed else None,
        "journal": document["journal"],
    }


def _verdict(row: dict[str, Any], *, checked: bool) -> Iterator[str]:
    if row["sound"] is None:
        yield f"{row['file']}: NOT READ: {row['problems'][0]['what']}"
        return
    if not row["sound"]:
        yield from (f"{row['file']}: NOT SOUND: {each['where']}: {each['what']}" for each in row["problems"])
        return
    yield f"{row['file']}: sound: {row['credential']} of {row['display_name']}, removed {row['removed']}"
    if not checked:
        signed = f"signed by the key {row['public_key']}, which was not compared" if row["public_key"] else "not signed"
        yield f"{row['file']}: {signed}: give --public-key to know that it is the team's"
