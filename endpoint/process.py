"""What a forked process of the endpoint does about itself: its standard error, its death, its memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)


def silence() -> None:
    """Let the engine's panics go nowhere; they are told by the exit status."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 (standard error is not closed)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; without that, it ends when its socket closes."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def limit_memory(size: int) -> None:
    """Let this process take ``size`` bytes more than it holds now; beyond, the engine aborts it (SIGABRT).

    Does nothing where the kernel does not say how much it holds.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (pages * resource.getpagesize() + size, resource.RLIM_INFINITY))


def unlimit_memory() -> None:
    """Let this process take as much memory as there is."""
    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def allow_files(count: int) -> int:
    """Let this process have ``count`` files and sockets open, as far as it may; return how many it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
        with contextlib.suppress(OSError, ValueError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return count if soft == resource.RLIM_INFINITY else min(soft, count)
