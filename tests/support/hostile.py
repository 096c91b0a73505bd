"""Names that would do harm wherever text is taken for something else."""

from __future__ import annotations

from pathlib import Path


def names(marker: Path) -> tuple[str, ...]:
    """Return names, each of which makes the file ``marker`` where it is executed by a shell."""
    touch = f"touch {marker}"
    return (
        f"$({touch})",
        f"`{touch}`",
        f"a'; {touch}; '",
        f'a"; {touch}; "',
        f"a\n{touch}\n",
        f"a\r\n{touch}\r\n#",
        f"a\\'; {touch} #",
        f"a\u2028{touch}\u2029",
        f'${{{touch}}} %{{if true}} ${{file("/etc/passwd")}}',
        f"'''\n{touch}\n'''",
        f"*/ {touch} /* // # --",
        f"EOF\n{touch}",
        "\u202egnp.exe\u200b\x00\x1b]0;x\x07",
        "x" * 10_000,
        "",
        "-rf",
    )
