"""The peak memory of a process of its own."""

import re
from pathlib import Path


def peak_mb() -> float:
    """Return the most memory this program has held, in MB.

    Not ``ru_maxrss``: that of a new process begins with what its parent held.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise RuntimeError("the kernel does not tell the peak memory (VmHWM)")
    return int(found[1]) / 1024
