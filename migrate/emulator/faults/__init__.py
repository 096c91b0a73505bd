"""Faults on demand: what a real tenant does to its clients now and then, produced when a test wants it."""
