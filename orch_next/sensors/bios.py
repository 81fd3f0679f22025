"""Firmware and board of a Windows host, from its registry; empty elsewhere (contract 1.2)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

if sys.platform == "win32":
    import winreg

UNKNOWN = "取得できませんでした"
_BIOS = r"HARDWARE\DESCRIPTION\System\BIOS"
_CPU = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
# What the legacy asked wmic for, which new Windows releases no longer have.
_PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "bios": (_BIOS, ("BIOSVendor", "BIOSVersion", "BIOSReleaseDate")),
        "motherboard": (_BIOS, ("BaseBoardManufacturer", "BaseBoardProduct")),
        "memory": ("", ()),
        "cpu_detail": (_CPU, ("ProcessorNameString", "Identifier")),
    }
)

ReadValue = Callable[[str, str], str]


def read_bios() -> dict[str, str]:
    """Return the four texts on Windows, nothing elsewhere."""
    return describe(_read_value) if sys.platform == "win32" else {}


def describe(read_value: ReadValue) -> dict[str, str]:
    """Return each part's values joined by commas; what the registry lacks is told as such."""
    found = {}
    for name, (key, values) in _PARTS.items():
        try:
            found[name] = ",".join(read_value(key, value) for value in values) or UNKNOWN
        except OSError:
            found[name] = UNKNOWN
    return found


if sys.platform == "win32":

    def _read_value(key: str, name: str) -> str:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            return str(winreg.QueryValueEx(opened, name)[0])

else:

    def _read_value(key: str, name: str) -> str:
        raise FileNotFoundError(f"{key} {name}: no registry here")
