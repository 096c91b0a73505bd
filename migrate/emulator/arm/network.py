"""The network interfaces that virtual machines name, each with one private address.

Source: REST reference "Virtual Networks", operation group Network Interfaces; of the properties those are given that
``az vm list --show-details`` reads. They follow from the machines and are not made or removed by themselves. Assumed:
the addresses, which only have to be unlike each other.
"""

from typing import Any, Final
from zlib import crc32

from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import resource_not_found
from migrate.emulator.arm.listing import listed
from migrate.emulator.arm.lookup import find_host
from migrate.emulator.arm.resources import is_within
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.arm.workloads import NIC_SUFFIX, NIC_TYPE, nic_id
from migrate.emulator.state.records import Host


def list_interfaces(call: ArmCall, scope: Scope) -> ArmReply:
    """GET .../networkInterfaces: those of the machines of a subscription or a resource group."""

    def show(host: Host) -> dict[str, Any] | None:
        return _body(host) if host.kind == "vm" and is_within(host, scope) else None

    return listed(call, (call.tenant.hosts, show))


def get_interface(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../networkInterfaces/{name}."""
    lower = name.lower()
    host = find_host(call.tenant, scope, "vm", lower.removesuffix(NIC_SUFFIX)) if lower.endswith(NIC_SUFFIX) else None
    if host is None:
        raise resource_not_found(NIC_TYPE, name, scope.group)
    return ArmReply(body=_body(host))


def _body(host: Host) -> dict[str, Any]:
    number = crc32(host.resource_id.lower().encode())
    low, middle, high = number & 255, number >> 8 & 255, number >> 16 & 255
    where = nic_id(host)
    address = {
        "name": "ipconfig1",
        "id": f"{where}/ipConfigurations/ipconfig1",
        "type": f"{NIC_TYPE}/ipConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": f"10.{high}.{middle}.{low}",
            "privateIPAllocationMethod": "Dynamic",
            "primary": True,
            "privateIPAddressVersion": "IPv4",
        },
    }
    return {
        "name": f"{host.name}{NIC_SUFFIX}",
        "id": where,
        "type": NIC_TYPE,
        "location": host.location,
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": [address],
            "macAddress": f"00-0D-3A-{high:02X}-{middle:02X}-{low:02X}",  # 00-0D-3A is one of Microsoft's prefixes
            "primary": True,
            "virtualMachine": {"id": host.resource_id},
            "nicType": "Standard",
        },
    }


_COLLECTION: Final = ("microsoft.network", "networkinterfaces")

ROUTES: Final[Routes] = {
    _COLLECTION: {"GET": route(list_interfaces, f"{NIC_TYPE}/read")},
    (*_COLLECTION, "*"): {"GET": route(get_interface, f"{NIC_TYPE}/read")},
}
