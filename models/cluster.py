"""Run what joblib runs on an existing Dask cluster (extra *distributed*) instead of this machine's processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from joblib import parallel_config

from data.errors import InputRejected

_CONNECT_SECONDS = 30


@contextmanager
def workers(jobs: int, address: str | None) -> Iterator[int]:
    """Yield how many jobs run at once: ``jobs`` processes here, or all threads of the cluster at an address.

    The cluster's workers need this project, its packages and a way to the database. Raises InputRejected when the extra
    is not installed or nothing answers at the address.
    """
    if address is None:
        yield jobs
        return
    if find_spec("distributed") is None:
        raise InputRejected(address, "needs the extra distributed (the package distributed is not installed)")
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputRejected(address, f"is no Dask cluster that answers: {error}") from error
    with client, parallel_config(backend="dask"):
        yield max(sum(client.ncores().values()), 1)
