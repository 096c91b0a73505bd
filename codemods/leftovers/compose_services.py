"""Which services of a compose file are given whole environment files.

https://docs.docker.com/reference/compose-file/services/#env_file
"""

from __future__ import annotations


def unseen_taker(text: str) -> str:
    """Name a service that takes environment files and is not built here; a text that is no YAML may have one."""
    if "env_file" not in text:
        return ""
    import yaml  # noqa: PLC0415 - most runs take nothing out

    try:
        whole = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return "?"
    services = whole.get("services") if isinstance(whole, dict) else None
    for name, service in services.items() if isinstance(services, dict) else ():
        if isinstance(service, dict) and "env_file" in service and "build" not in service:
            return str(name)
    return ""
