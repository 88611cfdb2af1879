"""The same forecasts come from this machine and from a Dask cluster."""

import pandas as pd
import pytest

from data.errors import InputRejected
from data.schema.driver import Driver
from data.schema.forecast import Forecast
from data.schema.forecast_run import ForecastRun
from data.store import Store
from models import cluster
from models.__main__ import main
from models.cluster import workers
from tests.worlds import facts, load

distributed = pytest.importorskip("distributed", reason="needs the extra distributed")


@pytest.mark.long
def test_a_cluster_of_two_processes_gives_identical_forecasts(store: Store, database_url, monkeypatch):
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    load(store, facts({f"s{i}": [(d, 900.0 + 7 * (i + 1) * d + d % 5) for d in range(0, 29, 7)] for i in range(2)}))
    assert main(["issue", "w"]) == 0
    order = ["place_id", "measure", "aggregation", "horizon_days"]
    alone = _stored(store, order)
    store.remove(ForecastRun, situation_id="w")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as two:
        assert main(["issue", "w", "--dask", two.scheduler_address]) == 0
    for table, frame in _stored(store, order).items():
        pd.testing.assert_frame_equal(frame, alone[table])
    assert len(alone["run"]) >= 2 * 4


def test_without_a_cluster_that_answers_it_says_so(monkeypatch):
    with workers(3, None) as jobs:
        assert jobs == 3
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.3)
    with pytest.raises(InputRejected, match="no Dask cluster"), workers(1, "tcp://127.0.0.1:9"):
        pass
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(InputRejected, match="needs the extra distributed"), workers(1, "tcp://127.0.0.1:9"):
        pass


def _stored(store: Store, order: list[str]) -> dict[str, pd.DataFrame]:
    """What is stored, without the numbers and times of runs."""
    runs = store.read(ForecastRun).sort_values(["model_name", "origin_date"], ignore_index=True)
    number = dict(zip(runs["id"], runs["model_name"] + " " + runs["origin_date"].astype(str), strict=True))
    found = {"run": runs[["model_name", "origin_date", "model_sha256", "seed"]]}
    for name, table, keys in (("forecast", Forecast, order), ("driver", Driver, ["place_id", "rank"])):
        rows = store.read(table)
        rows["run_id"] = rows["run_id"].map(number)
        found[name] = rows.sort_values(["run_id", *keys], ignore_index=True)
    return found
