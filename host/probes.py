"""How the host is: its version, its device, its queue."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from .paths import host_version

Probe = Callable[[], dict[str, Any]]

_MIB = 1 << 20


def host_probes(server: Any) -> dict[str, Probe]:
    """Return how to ask the parts of the host, by name; each answers with a sentence and with facts."""
    return {"comfyui": _ask_host, "gpu": _ask_device, "queue": lambda: _ask_queue(server.prompt_queue)}


def _ask_host() -> dict[str, Any]:
    version, python = host_version(), platform.python_version()
    return {"detail": f"ComfyUI {version} on Python {python}.", "version": version, "python": python}


def _ask_device() -> dict[str, Any]:
    from comfy import model_management

    device = model_management.get_torch_device()
    free = int(model_management.get_free_memory(device)) // _MIB
    if model_management.cpu_mode():
        return {
            "detail": f"ComfyUI computes on the CPU; {free} MiB are free.",
            "device": "cpu",
            "free_mib": free,
        }
    name = model_management.get_torch_device_name(device)
    total = int(model_management.get_total_memory(device)) // _MIB
    detail = f"{name}: {free} of {total} MiB are free."
    return {"detail": detail, "device": name, "free_mib": free, "total_mib": total}


def _ask_queue(queue: Any) -> dict[str, Any]:
    running, pending = len(queue.currently_running), len(queue.queue)
    return {"detail": f"{running} running, {pending} waiting.", "running": running, "pending": pending}
