"""One answer of the emulator for each known body; ``BODIES`` tells how to get it, by the body's name."""

from tests.emulator.fidelity.fetching import from_authority, from_graph, from_resource_manager
from tests.emulator.fidelity.fetching.registry import BODIES

__all__ = ["BODIES", "from_authority", "from_graph", "from_resource_manager"]
