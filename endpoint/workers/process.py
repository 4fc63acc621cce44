"""What a forked process of the endpoint does about itself: its standard error, its death, its memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
import time

_LIBRARY = ctypes.CDLL(None, use_errno=True)  # opened once rather than in each process
_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)
_BACK = 5  # steps of niceness by which long queries stand behind short ones: a third of the processor time
_LONG = 0.01  # seconds that a long query runs at a time
_SCHEDULING = struct.Struct("=IIQiIQQQ")  # sched_attr of sched_setattr(2)
_SET_SCHEDULING = {"x86_64": 314, "aarch64": 274}  # the number of that call, for which older C libraries have no name


def silence() -> None:
    """Let the engine's panics go nowhere; they are told by the exit status."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 (standard error is not closed)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; without that, it ends when its socket closes."""
    if sys.platform == "linux":
        _LIBRARY.prctl(_PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def rank() -> int:
    """Return the niceness of this thread."""
    return os.getpriority(os.PRIO_PROCESS, 0)


def stand_back(thread: int, steps: int = _BACK) -> None:
    """Let a thread, of this or another process, stand ``steps`` of niceness behind those that are as nice as it was.

    Only some steps, or a machine that others keep busy would leave it nothing until its time is up. It cannot be undone
    without privileges. Does nothing where the thread has ended.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + steps))
        run_at_a_time(_LONG, thread)


def run_at_a_time(seconds: float, thread: int = 0) -> None:
    """Ask the kernel to let a thread, this one by default, run for so long at a time; 0 for as long as usual.

    The shorter it is, the sooner a thread that wakes up runs where others compute; its share stays the same. Kernels
    before Linux 6.12 do nothing of the kind, nor do sandboxes that forbid the call.
    """
    call = _SET_SCHEDULING.get(os.uname().machine) if sys.platform == "linux" else None
    if call is None:
        return
    with contextlib.suppress(ProcessLookupError):
        nice = os.getpriority(os.PRIO_PROCESS, thread)
        _LIBRARY.syscall(call, thread, _SCHEDULING.pack(_SCHEDULING.size, 0, 0, nice, 0, round(seconds * 1e9), 0, 0), 0)


def processor_time(pid: int) -> float:
    """Return the seconds of processor time that a process has used; 0 where it has ended or the system does not say."""
    if sys.platform != "linux":
        return 0.0
    try:
        return time.clock_gettime((~pid << 3) | 2)  # as clock_getcpuclockid(3) makes it
    except OSError:
        return 0.0


def offer(score: int) -> None:
    """Have the kernel kill this process sooner than others when all memory is used: by 0 to 1000 (proc(5)).

    Does nothing where the kernel has no such thing.
    """
    with contextlib.suppress(OSError):
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        try:
            os.write(file, b"%d" % score)
        finally:
            os.close(file)


def memory_of(pid: int) -> int:
    """Return the bytes of memory, files left out, that a process maps and has touched; 0 where nobody says."""
    try:
        resident, shared = _pages(str(pid))[1:3]
    except (OSError, ValueError):
        return 0
    return (resident - shared) * resource.getpagesize()


def _pages(process: str) -> list[int]:
    """Return what statm of proc(5) says; by bare calls, since whatever a fresh worker touches is copied for it."""
    file = os.open(f"/proc/{process}/statm", os.O_RDONLY)
    try:
        return [int(word) for word in os.read(file, 256).split()]
    finally:
        os.close(file)


def limit_memory(size: int) -> None:
    """Let this process take ``size`` bytes more than it holds now; beyond, the engine aborts it (SIGABRT).

    Does nothing where the kernel does not say how much it holds.
    """
    try:
        pages = _pages("self")[5]
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
