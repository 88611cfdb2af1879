"""The quarantine, one block a run: which mistakes, how many rows each, and what can be done about them."""

from typing import Any

import pandas as pd
from dash import html

from dashboard.components.source_state import at

RUNS_SHOWN = 30


def rejected_runs(groups: pd.DataFrame, titles: dict[str, str], archived: set[int], types: Any) -> list[Any]:
    """Return a block for each run with rejected rows, the newest first.

    ``archived`` are the runs whose payload is kept and can be tried again. ``types`` names the kinds of the buttons'
    ids: RETRY and SAVE.
    """
    if groups.empty:
        return [html.P("No row is in quarantine.", className="quiet")]
    runs = list(groups.groupby("run_id", sort=False))
    blocks = [_block(int(run_id), rows, titles, int(run_id) in archived, types) for run_id, rows in runs[:RUNS_SHOWN]]
    if len(runs) > RUNS_SHOWN:
        blocks.append(
            html.P(f"{len(runs) - RUNS_SHOWN} older runs are not listed; the download holds all.", className="quiet")
        )
    return blocks


def _block(run_id: int, rows: pd.DataFrame, titles: dict[str, str], archived: bool, types: Any) -> html.Section:
    """Return one run's mistakes, grouped."""
    first = rows.iloc[0]
    title = f"{titles.get(first['source_id'], first['source_id'])}: {first['payload_name'] or 'typed in'}"
    total = int(rows["rows"].sum())
    said = f"{at(first['checked_at'])}, run {run_id}: {total:,} {'row' if total == 1 else 'rows'} rejected"
    buttons = [html.Button("Download CSV", id={"type": types.SAVE, "run": run_id}, className="button")]
    if archived:
        buttons.append(html.Button("Try again", id={"type": types.RETRY, "run": run_id}, className="button"))
    else:
        buttons.append(html.Span("its file is not in the archive: send a corrected one", className="quiet"))
    heading = html.Div([html.H3(title), html.Span(said, className="quiet"), *buttons], className="rejected-head")
    return html.Section([heading, _mistakes(rows)], className="rejected")


def _mistakes(rows: pd.DataFrame) -> html.Table:
    """Return the reasons with how many rows each and where the first stood."""
    titles = ("Why", "Rows", "Table", "First seen at")
    body = [
        html.Tr(
            [
                html.Td(
                    row.example if row.rows == 1 else f"{row.cause} – for instance: {row.example}",
                    **{"data-label": titles[0]},
                ),
                html.Td(f"{row.rows:,}", className="number", **{"data-label": titles[1]}),
                html.Td(row.table_name.replace("_", " "), **{"data-label": titles[2]}),
                html.Td(row.locator, **{"data-label": titles[3]}),
            ]
        )
        for row in rows.itertuples()
    ]
    return html.Table(
        [html.Thead(html.Tr([html.Th(title, scope="col") for title in titles])), html.Tbody(body)],
        className="plain cards",
    )
