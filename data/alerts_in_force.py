"""Which public alerts are in force at an instant, from all messages that are known, in whatever order they came."""

from datetime import datetime

import pandas as pd


def in_force(alerts: pd.DataFrame, at: datetime) -> pd.DataFrame:
    """Return the rows of ``public_alert`` that are a warning in force at ``at`` (UTC).

    In force is an *actual* alert or update that was sent and has taken effect, has not expired and that no update or
    cancel known so far names in its references (CAP 1.2, 3.2.1). A message without an end stays until one is sent.
    Tests, exercises, drafts, system messages, acknowledgements and errors are never in force.
    """
    sent = alerts[(alerts["status"] == "actual") & (alerts["sent_at"] <= at)]
    ended = _references(sent[sent["message_type"].isin(["update", "cancel"])])
    effective = pd.to_datetime(sent["effective_at"], utc=True).fillna(sent["sent_at"])
    running = (effective <= at) & ~(pd.to_datetime(sent["expires_at"], utc=True) <= at)
    names = zip(sent["sender"], sent["identifier"], sent["sent_at"], strict=True)
    replaced = pd.Series([name in ended for name in names], index=sent.index, dtype=bool)
    return sent[sent["message_type"].isin(["alert", "update"]) & running & ~replaced]


def _references(messages: pd.DataFrame) -> set[tuple[str, str, pd.Timestamp]]:
    """Return the sender, identifier and instant of every message that these update or cancel.

    What is no reference to a message (two commas, a time with a zone) ends nothing.
    """
    told = []
    for text in messages["reference_list"]:
        for part in str(text).split():
            sender, _, rest = part.partition(",")
            identifier, _, sent = rest.rpartition(",")
            told.append((sender, identifier, sent))
    instants = pd.to_datetime([sent for _, _, sent in told], errors="coerce", utc=True, format="ISO8601")
    return {(one[0], one[1], at) for one, at in zip(told, instants, strict=True) if not pd.isna(at)}
