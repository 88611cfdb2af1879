"""One measured figure beside its peer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A metric of ours and of a peer, the goal in words and whether it is met (None: no goal)."""

    metric: str
    ours: float
    peer: float | None
    peer_name: str
    goal: str
    met: bool | None

    @property
    def ratio(self) -> float | None:
        """Return ours over the peer's."""
        return self.ours / self.peer if self.peer else None
