"""A tenant in a file: written while it runs, read at the next start, as if it had never stopped.

What is kept is everything that a client could notice. What is not is listed here, by class and attribute.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NOT_KEPT: Final[Mapping[str, str]] = MappingProxyType({
    "Tenant.lock": "guards threads of this process",
    "Tenant.faults": "faults belong to a run: --faults is given again, and counters and buckets begin anew; what had "
    "not yet spread is kept, for faults that delay it",
    "Memory.unsettled": "what had not spread when the run before ended; the faults have it now",
    "Table.watch": "a hook of the faults",
    "Table._id_of_app": "follows from the records",
    "Table._place": "follows from the order, and is made when it is needed",
    "Table._entered": "belongs to _place",
    "Shelf._place": "follows from the order, and is made when it is needed",
    "Shelf._entered": "belongs to _place",
    "Shelf.revision": "is compared within one run only",
    "Estate._identity_of": "an index, made again when it is needed",
    "Estate._indexed": "belongs to that index",
    "SignInLog._of_app_before": "an index, made again when it is needed",
    "SignInLog._lock": "guards threads of this process",
    "VirtualClock._origin": "the moment of the start by this process's clock",
    "VirtualClock._moved": "the present moment is kept; it goes on while nothing runs",
    "OutsideIssuers._lock": "guards threads of this process",
    "OutsideIssuers._clusters": "follows from the hosts",
    "OutsideIssuers._seen": "belongs to _clusters",
    "Emulator.identity_header": "belongs to the addresses of a run, as its ports do",
    "Emulator._key": "lets this user's other processes into the control endpoint of this run",
    "Emulator._folder": "holds the certificate authority and pod tokens; nobody is to trust a key that lies in a file",
    "Emulator._arc": "key files of a challenge that takes milliseconds",
    "Emulator._arc_folder": "an option of the run",
    "Emulator._tell": "an option of the run",
    "Emulator._requested": "an option of the run",
    "Emulator._ports": "ports belong to a run",
    "Emulator._servers": "sockets, the list of what clients asked for in vain, the proxy's list of refused hosts, the "
    "windows of Azure Resource Manager's limits and pages of Resource Graph results, which are computed anew",
    "Emulator._failure": "tells why a start failed",
    "Emulator._thread": "runs the servers",
    "Emulator._state": "the state file itself",
})  # fmt: skip
"""What does not outlive a run, and why. Replayed assertions need no memory: nothing here remembers them."""
