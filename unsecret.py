"""Launcher: puts this distribution's own folder first on the path of this process, then runs the command line."""

import sys
from pathlib import Path


def main() -> None:
    """Run the ``unsecret`` command; a user's own packages of the same names must never be imported instead of ours."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    try:
        from migrate.cli.main import main as run  # noqa: PLC0415 - importable only after the line above
    except KeyboardInterrupt:
        sys.stderr.write("unsecret: interrupted before it began\n")
        raise SystemExit(130) from None  # as a shell gives it for a program that SIGINT ended
    raise SystemExit(run())


if __name__ == "__main__":
    main()
