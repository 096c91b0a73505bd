"""An Entra tenant on loopback, embedded in this process.

``migrate.emulator.server.Emulator`` starts it; importing this package alone starts and loads nothing, because the
web server and the cryptography behind it belong to the optional extra ``demo``.
"""
