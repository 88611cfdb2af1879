"""What is taken back without a door: rows of files that a command loads."""

from data.schema.quarantine import Quarantine
from data.schema.stock import Stock
from etl import pipeline
from etl.archive import Archive
from etl.source import Payload
from etl.sources import stocks
from tests.doors import csv_of, valley

HEADER = ("place_id", "item", "counted_date", "quantity", "unit", "reported_by", "withdrawn")


def test_a_file_of_a_command_withdraws_by_local_ids_and_what_nobody_sent_is_in_quarantine(store, tmp_path):
    valley(store)

    def load(*rows: tuple[str, ...]) -> dict[str, int]:
        payload = Payload("valley/files/x.csv", csv_of(HEADER, *rows))
        return pipeline.load(store, Archive(tmp_path), stocks.source, [payload], pipeline.Setting("valley"))

    load(("gate", "soap", "2026-03-01", "5", "piece", "store", ""))
    gone = ("gate", "soap", "2026-03-01", "", "", "store", "yes"), ("gate", "mat", "2026-03-01", "", "", "store", "yes")
    counts = load(*gone)
    assert (counts["deleted"], counts["quarantined"]) == (1, 1)
    assert store.read(Stock).empty
    assert store.history(Stock)["quantity"].tolist() == [5, 5]
    (reason,) = store.read(Quarantine)["reason"]
    assert reason.endswith("no row with the same place_id, item, owner, counted_date was ever sent")
    assert load(gone[0])["unchanged"] == 1
