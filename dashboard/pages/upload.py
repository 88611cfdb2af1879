"""Send a table of one of the kinds (`etl.kinds`): template, preview by row and column, then load."""

import base64
import binascii
from enum import StrEnum
from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update

from dashboard.chosen import offered
from dashboard.components.preview import changes_table, problems_table, summary
from dashboard.database import store
from dashboard.threads import threaded
from data.access import OPERATIONAL
from data.errors import InputRejected, PayloadRejected, WaypostError
from data.settings import Settings
from etl import datasets
from etl.archive import Archive
from etl.intake import MOST_BYTES, NO_SITUATION, Intake, Preview, Sending
from etl.kinds import KINDS
from etl.source import Payload

dash.register_page(__name__, path="/upload", name="Upload", order=3, title="Upload · Waypost")

MOST_TEXT = MOST_BYTES * 4 // 3 + 1_000
"""How long the text of a file may be in a callback: base64, and what the browser writes before it."""
NO_PLACES = (
    "There is no situation on this server yet, and this table names its places. Load one first (docs/own-data.md). "
    "Campaign calendars, notices of outbreaks and country indicators need none: choose one of them above."
)
CLOSED = "This server shows what others may see; tables are sent to the operational one."


class Ids(StrEnum):
    """The ids of this page."""

    KIND = "upload-kind"
    SITUATION = "upload-situation"
    DATASET = "upload-dataset"
    TEMPLATES = "upload-templates"
    FILE = "upload-file"
    PREVIEW = "upload-preview"
    ACCEPT = "upload-accept"
    CONFIRM = "upload-confirm"
    DECISION = "upload-decision"
    SAID = "upload-said"


def layout(**_: Any) -> html.Div:
    """Return the page; callbacks fill it."""
    kinds = [{"label": kind.title, "value": kind.id} for kind in KINDS.values()]
    return html.Div(
        [
            html.H1("Upload"),
            html.P(
                "Send what your border posts and sites count, or a calendar, notices or indicators: choose what it is, "
                "fill in the template, drop the file below. You see what would change before anything is loaded. "
                "Figures about groups only: a file with a column that looks like data about a person is refused whole. "
                "To take back a row that was sent in error, send it again with yes in its last column, withdrawn."
            ),
            html.P(CLOSED, className="refused") if Settings().server.audience != OPERATIONAL else None,
            html.Div(
                [
                    _field("What you send", dcc.Dropdown(kinds, "counts", id=Ids.KIND, clearable=False)),
                    _field("Situation", dcc.Dropdown(id=Ids.SITUATION, clearable=False)),
                    _field("Shared under", dcc.Dropdown(id=Ids.DATASET, placeholder="no agreement: used here only")),
                ],
                className="upload-fields",
            ),
            html.Div(id=Ids.TEMPLATES),
            _file_box(),
            html.Div(id=Ids.SAID, role="status", className="said"),
            dcc.Loading(html.Div(id=Ids.PREVIEW, **{"aria-live": "polite"})),
            _decision(),
        ]
    )


def _file_box() -> html.Div:
    """Return the box that takes a file; of another kind of file the validator says what to do, the box would not."""
    words = [
        html.Strong("Drop a file here or choose one"),
        html.Span(f" CSV or Excel (.xlsx), at most {MOST_BYTES // 1_000_000} MB"),
    ]
    box = dcc.Upload(html.Div(words), id=Ids.FILE, max_size=MOST_BYTES, multiple=False, className="upload-box")
    return html.Div(box, **{"data-most-bytes": MOST_BYTES})


def _decision() -> html.Div:
    """Return the choice about rows with problems, and the button that loads."""
    words = "Load the rows without problems and leave the others out (they are kept on the page Data, to be mended)"
    choice = dcc.Checklist([{"label": words, "value": "good"}], id=Ids.ACCEPT)
    button = html.Button("Load", id=Ids.CONFIRM, className="button main", disabled=True)
    return html.Div([choice, button], id=Ids.DECISION, className="upload-decision", hidden=True)


def _field(label: str, control: Any) -> html.Div:
    """Return a control under its label."""
    return html.Div([html.Label(label, htmlFor=control.id), control], className="upload-field")


@callback(
    Output(Ids.SITUATION, "options"),
    Output(Ids.SITUATION, "value"),
    Output(Ids.DATASET, "options"),
    Input(Ids.SITUATION, "id"),
)
@threaded
def offer(_: str) -> tuple[Any, ...]:
    """Offer the situations and the data sets that have not ended; nothing on a server that takes no uploads."""
    if store().audience != OPERATIONAL:
        return [], None, []
    situations, first = offered(None)
    shared = datasets.known(store())
    shared = shared[~shared["is_expired"] & (shared["id"] != datasets.UNSHARED)]
    sets = [{"label": f"{row.title} ({row.audience})", "value": row.id} for row in shared.itertuples()]
    return situations, first, sets


@callback(
    Output(Ids.TEMPLATES, "children"),
    Input(Ids.KIND, "value"),
    Input(Ids.SITUATION, "value"),
    Input(Ids.SITUATION, "options"),
)
@threaded
def explain(kind_id: str, situation_id: str | None, situations: list[Any] | None) -> Any:
    """Link the templates and say what each column means; or say that there is no situation whose places are counted."""
    kind = KINDS.get(kind_id)
    if kind is None or situations is None or store().audience != OPERATIONAL:
        return no_update
    if kind.place_column and situation_id is None:
        return html.P(NO_PLACES, className="refused")
    folder = f"/templates/{situation_id or NO_SITUATION}"
    links = [
        html.A(words, href=f"{folder}/{kind.id}.{form}", className="button", download="")
        for form, words in (("xlsx", "Template for Excel"), ("csv", "Template as CSV"))
    ]
    rows = [
        html.Tr([html.Td(html.Strong(c.name) if c.is_needed else c.name), html.Td(c.meaning), html.Td(c.example)])
        for c in kind.columns
    ]
    head = html.Thead(html.Tr([html.Th(t) for t in ("Column (bold: needed)", "What to write", "Example")]))
    table = html.Table([head, html.Tbody(rows)], className="plain")
    return [
        html.Div(links, className="controls"),
        html.Details([html.Summary("The columns"), html.Div(table, className="scroll")], className="upload-columns"),
    ]


@callback(
    Output(Ids.PREVIEW, "children"),
    Output(Ids.DECISION, "hidden"),
    Output(Ids.ACCEPT, "style"),
    Output(Ids.ACCEPT, "value"),
    Output(Ids.SAID, "children"),
    Input(Ids.FILE, "contents"),
    Input(Ids.KIND, "value"),
    Input(Ids.SITUATION, "value"),
    Input(Ids.DATASET, "value"),
    State(Ids.FILE, "filename"),
    prevent_initial_call=True,
)
@threaded
def look(
    contents: str | None, kind: str, situation: str | None, dataset: str | None, name: str | None
) -> tuple[Any, ...]:
    """Show what the file would change and every problem with it."""
    if contents is None:
        return None, True, {"display": "none"}, [], no_update
    try:
        seen = _intake().preview(_sending(contents, kind, situation, dataset, name))
    except WaypostError as error:
        return html.Div(str(error), className="refused", role="alert"), True, {"display": "none"}, [], ""
    shown = [html.H2(name), summary(seen), problems_table(seen.problems), changes_table(seen.changes)]
    choice = {} if seen.problems and seen.good_rows else {"display": "none"}
    return shown, not _is_loadable(seen), choice, [], ""


@callback(
    Output(Ids.CONFIRM, "disabled"),
    Input(Ids.PREVIEW, "children"),
    Input(Ids.ACCEPT, "value"),
    State(Ids.ACCEPT, "style"),
)
def allow(preview: Any, accept: list[str] | None, style: dict[str, str] | None) -> bool:
    """Let a person confirm when all rows are sound, or when they chose to leave the others out."""
    has_problems = not (style or {}).get("display")
    return preview is None or (has_problems and not accept)


@callback(
    Output(Ids.SAID, "children", allow_duplicate=True),
    Output(Ids.FILE, "contents"),
    Input(Ids.CONFIRM, "n_clicks"),
    State(Ids.FILE, "contents"),
    State(Ids.KIND, "value"),
    State(Ids.SITUATION, "value"),
    State(Ids.DATASET, "value"),
    State(Ids.FILE, "filename"),
    State(Ids.ACCEPT, "value"),
    prevent_initial_call=True,
)
@threaded
def load(
    clicks: int | None,
    contents: str | None,
    kind: str,
    situation: str | None,
    dataset: str | None,
    name: str,
    accept: list[str],
) -> tuple[Any, Any]:
    """Load the file that was shown, all of it or, by choice, its good rows."""
    if not clicks or contents is None:
        return no_update, no_update
    try:
        sending = _sending(contents, kind, situation, dataset, name)
        done = _intake().load(sending, accept_good_rows="good" in (accept or []))
    except WaypostError as error:
        return f"Not loaded: {error.reason if isinstance(error, InputRejected) else error}", no_update
    return [
        f"Loaded {name}: {done.told()}. Known from today: a situation page whose clock stands earlier does not show "
        "it. ",
        dcc.Link("See it, and the rows left out, on the page Data", href="/data"),
    ], None


def _sending(contents: str, kind: str, situation: str | None, dataset: str | None, name: str | None) -> Sending:
    """Return what a browser sent; raises PayloadRejected for what is no file of the allowed size."""
    if store().audience != OPERATIONAL:
        raise InputRejected("upload", CLOSED)
    told = str(name or "unnamed")
    if not isinstance(contents, str) or len(contents) > MOST_TEXT:
        raise PayloadRejected(told, f"is larger than {MOST_BYTES:,} bytes")
    try:
        body = base64.b64decode(contents.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise PayloadRejected(told, "did not arrive whole; choose it again") from error
    situation_id, dataset_id = (str(value) if value else None for value in (situation, dataset))
    return Sending(str(kind), Payload(f"upload/{told}", body), situation_id, dataset_id)


def _intake() -> Intake:
    """Return the way in of this server."""
    return Intake(store(), Archive(Settings().paths.var / "raw"))


def _is_loadable(seen: Preview) -> bool:
    """Tell whether there is anything that could be loaded."""
    return not seen.refusal and seen.good_rows > 0
