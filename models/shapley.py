"""Fair shares of several groups in what a model says: exact Shapley values."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


def shapley(value: Callable[[frozenset[str]], Floats], groups: Sequence[str]) -> dict[str, Floats]:
    """Return each group's share in ``value(all) - value(none)``, where ``value`` takes the groups that speak.

    ``value`` is called once for each of the ``2 ** len(groups)`` subsets. The shares add up exactly.

    >>> found = shapley(lambda speak: np.array([2.0 * len(speak)]), ["a", "b"])
    >>> {name: share.tolist() for name, share in found.items()}
    {'a': [2.0], 'b': [2.0]}
    """
    count = len(groups)
    subsets = [frozenset(s) for size in range(count + 1) for s in combinations(groups, size)]
    values = {subset: value(subset) for subset in subsets}
    found = {}
    for group in groups:
        total = np.zeros_like(values[frozenset()])
        for subset in subsets:
            if group not in subset:
                weight = factorial(len(subset)) * factorial(count - len(subset) - 1) / factorial(count)
                total = total + weight * (values[subset | {group}] - values[subset])
        found[group] = total
    return found
