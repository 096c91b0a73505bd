"""Launcher: puts this distribution's own folder first on the path of this process, then runs the command line."""

import os
import sys


def main() -> None:
    """Run the ``unsecret`` command; a user's own packages of the same names must never be imported instead of ours."""
    try:
        # The interpreter has loaded os by now, and would have to load pathlib, which ^C could break off.
        sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
        from migrate.cli.held import held_back  # noqa: PLC0415 - importable from now on

        with held_back():
            from migrate.cli.main import main as run  # noqa: PLC0415 - the same
    except KeyboardInterrupt:
        sys.stderr.write("unsecret: interrupted before it began\n")
        raise SystemExit(130) from None  # as a shell gives it for a program that SIGINT ended
    raise SystemExit(run())


if __name__ == "__main__":
    main()
