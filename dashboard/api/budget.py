"""How often one key may ask: a bucket that fills steadily and holds a burst."""

import time
from collections.abc import Callable
from threading import Lock

PER_MINUTE = 60
BURST = 30


class Budget:
    """Requests of each key, counted in this process."""

    def __init__(
        self, per_minute: float = PER_MINUTE, burst: float = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow ``per_minute`` requests in the long run, ``burst`` at once; ``clock`` gives seconds."""
        self.per_second, self.burst, self.clock = per_minute / 60, burst, clock
        self._left: dict[int, tuple[float, float]] = {}
        self._lock = Lock()

    def wait_seconds(self, key_id: int) -> float:
        """Take one request of a key; return 0, or how many seconds it has to wait (nothing is taken then)."""
        now = self.clock()
        with self._lock:
            left, since = self._left.get(key_id, (self.burst, now))
            left = min(self.burst, left + max(now - since, 0) * self.per_second)
            allowed = left >= 1
            self._left[key_id] = (left - 1 if allowed else left, now)
        return 0 if allowed else (1 - left) / self.per_second
