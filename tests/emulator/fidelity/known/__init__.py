"""What is known about real bodies, in our own words: names of fields, types, formats, constants, and how sure."""

from typing import Final

from tests.emulator.fidelity.known.errors import ERRORS
from tests.emulator.fidelity.known.evidence import EVIDENCE
from tests.emulator.fidelity.known.identity import IDENTITY
from tests.emulator.fidelity.known.objects import OBJECTS
from tests.emulator.fidelity.known.resources import RESOURCES
from tests.emulator.fidelity.known.sets import SETS
from tests.emulator.fidelity.known.tokens import DISCOVERY, REFUSALS, TOKENS
from tests.emulator.fidelity.shapes import Known

KNOWN: Final[tuple[Known, ...]] = (
    *TOKENS, *REFUSALS, *DISCOVERY, *IDENTITY, *OBJECTS, *SETS, *ERRORS, *EVIDENCE, *RESOURCES,
)  # fmt: skip
