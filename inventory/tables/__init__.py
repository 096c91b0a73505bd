"""The tables of a snapshot file, and how rows and values become each other. ``docs/snapshot.md`` describes them."""
