"""A valid configuration, and where its parameters are in it, by their names in the product."""

from __future__ import annotations

from typing import Any

PATHS: dict[str, tuple[str, ...]] = {
    "time axis duration": ("displayTimeAxisDuration",),
    "FFT length": ("nfftSelection",),
    "canvas": ("displayInfo",),
    "canvas height": ("displayInfo", "height"),
    "sensor range": ("channels",),
    "first sensor": ("channels", "min"),
    "last sensor": ("channels", "max"),
    "frequency range": ("frequencyRange",),
    "lowest frequency": ("frequencyRange", "min"),
    "highest frequency": ("frequencyRange", "max"),
    "view type": ("view_type",),
}


def valid_configuration() -> dict[str, Any]:
    """A full, valid configuration of a live job (contract, "Client flow"); the caller may change it."""
    return {
        "displayTimeAxisDuration": 10,
        "nfftSelection": 1024,
        "displayInfo": {"height": 1000},
        "channels": {"min": 1, "max": 50},
        "frequencyRange": {"min": 0, "max": 500},
        "start_time": None,
        "end_time": None,
        "view_type": 0,
    }
