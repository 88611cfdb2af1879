"""Answer from stored models, without fitting again; where one is refused the last value answers and says so.

The choice of who answers where is that of `models.selection`, from scores known at the origin. Only forecasters that
learn are stored (`models.artifacts`): the others are their parameters.
"""

import logging
from collections.abc import Mapping
from datetime import date, datetime

from data.errors import InputRejected
from data.schema.forecast_run import ForecastRun
from data.schema.observation import Observation
from data.schema.place import Place
from data.store import Store
from models.artifacts import learns, load, save
from models.errors import ArtifactRefused
from models.forecaster import Forecaster
from models.forecasters.chosen import Chosen
from models.issue import HORIZON, origins, store_run
from models.outcomes import outcomes
from models.panel import Panel
from models.registry import LAST_VALUE, candidates, forecaster
from models.selection import choose, kinds_of

MEASURE_WORDS = {"arrivals": "arrivals", "stock": "people present"}
log = logging.getLogger("waypost.models")


def fit(store: Store, situation_id: str) -> dict[str, str]:
    """Fit the forecasters that learn at the newest origin and store them; return their SHA-256 by name.

    Nothing is stored of a situation without an origin. Raises UnknownSituation.
    """
    every = origins(store, situation_id)
    if not every:
        return {}
    panel = Panel.read(store, situation_id, every[0])
    names = [name for name, cls in candidates().items() if learns(cls)]
    return {name: save(store, forecaster(name).fit(panel), panel) for name in names}


def predict(store: Store, situation_id: str, origin: date | None = None) -> tuple[Panel, Chosen]:
    """Answer at an origin (missing: the day the newest report became known) and store the run with its reasons.

    A deployed run of that origin that is there is not made again. Returns the panel and the answering forecaster.
    Raises UnknownSituation where nothing was known of the situation at the origin, InputRejected without any report.
    """
    panel = Panel.read(store, situation_id, origin or _newest_known(store, situation_id))
    model = answer(store, panel)
    have = store.read(
        ForecastRun,
        situation_id=situation_id,
        model_name=model.name,
        model_version=model.version,
        origin_date=panel.origin_date,
    )
    if have.empty:
        store_run(store, panel, model, range(1, HORIZON + 1))
    return panel, model


def answer(store: Store, panel: Panel) -> Chosen:
    """Return the chosen forecaster of a panel from stored models; nothing that learns is fitted."""
    choice = choose(outcomes(store, panel), kinds_of(panel), list(candidates()))
    wanted = {name for name in {*choice.arrivals.values(), *choice.stock.values()} if learns(candidates()[name])}
    stored: dict[str, Forecaster] = {}
    refusals: dict[str, ArtifactRefused] = {}
    for name in sorted(wanted):
        try:
            stored[name] = load(store, name, panel.situation_id, panel.origin_date)
        except ArtifactRefused as refusal:
            refusals[name] = refusal
            log.warning("%s at %s: %s; the last value answers", panel.situation_id, panel.origin_date, refusal)
    by_measure = {"arrivals": choice.arrivals, "stock": choice.stock}
    arrivals, stock = (
        {place: LAST_VALUE if name in refusals else name for place, name in models.items()}
        for models in by_measure.values()
    )
    served = Chosen(arrivals, stock, choice.gain_percent, refused=_said(by_measure, refusals))
    served.adopt(stored)
    return served.fit(panel)


def _said(by_measure: Mapping[str, Mapping[str, str]], refusals: Mapping[str, ArtifactRefused]) -> dict[str, str]:
    """Return the sentences of the places whose stored model was refused."""
    said: dict[str, dict[str, list[str]]] = {}
    for measure, models in by_measure.items():
        for place, name in models.items():
            if name in refusals:
                said.setdefault(place, {}).setdefault(name, []).append(MEASURE_WORDS[measure])
    return {
        place: " ".join(
            f"{refusals[name]}; the last value answers for {' and '.join(words)}." for name, words in names.items()
        )
        for place, names in said.items()
    }


def _newest_known(store: Store, situation_id: str) -> date:
    """Return the day of the newest report, correction or withdrawal; raise InputRejected where there is none."""
    places = store.read(Place, situation_id=situation_id)["id"].tolist()
    known: list[datetime] = store.history(Observation, place_id=places)["known_from"].tolist()
    if not known:
        raise InputRejected(situation_id, "has no reports; nothing can be forecast")
    return max(known).date()
