"""What can go wrong around the emulator itself.

The refusals of the emulated services are answers to clients and live beside them (``tokens.refusals``,
``graph.errors``); these are for the program that embeds the emulator::

    EmulatorError
    +-- EmulatorPortError      a requested port is taken or not allowed
    +-- EmulatorStartError     the servers did not come up
    +-- NotInTenantError       an object was asked for that the tenant does not hold
"""


class EmulatorError(Exception):
    """Anything that the emulator reports to the program that embeds it."""


class EmulatorPortError(EmulatorError):
    """A port cannot be bound."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(f"the emulator cannot listen on 127.0.0.1:{port} ({reason}); name another port, or 0 for any")
        self.port = port


class EmulatorStartError(EmulatorError):
    """The servers did not come up."""


class NotInTenantError(EmulatorError, LookupError):
    """The tenant holds no such object."""
