"""A Log Analytics workspace on loopback that answers what a test gives it, in the documented shape.

Shapes: Azure Monitor, "Azure Monitor Log Analytics API response format": ``tables`` of ``name``, ``columns`` and
``rows``; a partial answer has ``error`` beside them; a refusal is ``error`` alone, under an HTTP status.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from inventory.evidence_source import Workspace
from inventory.graph import GraphSettings
from tests.inventory.madeup import StaticCredential

WORKSPACE = "77777777-0000-4000-8000-000000000001"
_TYPES = {"First": "datetime", "Last": "datetime", "LastSuccess": "datetime"}
_COUNTS = ("Successes", "Failures", "Untold")


def table(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Write rows as the service does: columns with types, values in their order, null for what is absent."""
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    types = {name: _TYPES.get(name, "long" if name in _COUNTS else "string") for name in names}
    return {
        "name": "PrimaryResult",
        "columns": [{"name": name, "type": types[name]} for name in names],
        "rows": [[row.get(name) for name in names] for row in listed],
    }


def refusal(code: str, message: str, *, inner: str = "") -> dict[str, Any]:
    innermost = {"innererror": {"code": "SemanticError", "message": inner}} if inner else {}
    return {"error": {"code": code, "message": message, **innermost}}


@dataclass
class MadeUpWorkspace:
    """Gives its answers in turn, the last one again and again."""

    folder: Path
    answers: list[tuple[int, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def answer(self, body: Any, status: int = 200) -> None:
        self.answers.append((status, body))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])
            self.bodies.append(json.loads(await reader.readexactly(int(fields["content-length"]))))
            self.heads.append(head)
            status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            raw = json.dumps(body).encode()
            lines = (f"HTTP/1.1 {status} Said", "Content-Type: application/json", f"Content-Length: {len(raw)}")
            writer.write("\r\n".join((*lines, "Connection: close\r\n\r\n")).encode() + raw)
            await writer.drain()
        finally:
            writer.close()

    @asynccontextmanager
    async def open(self, workspace_id: str = WORKSPACE) -> AsyncIterator[Workspace]:
        authority, file = trustme.CA(), self.folder / "ca.pem"
        authority.cert_pem.write_to_path(str(file))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield Workspace(
                id=workspace_id,
                settings=GraphSettings(ca_file=file),
                endpoint=url,
                credential=StaticCredential(),
            )
        finally:
            server.close()
            await server.wait_closed()
