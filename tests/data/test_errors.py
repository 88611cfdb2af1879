"""The exception tree: every error carries its numbers, survives a worker process, and ends with a known exit code."""

import os
import pickle
from pathlib import Path

import pytest

from data import errors
from data.errors import WaypostError

EXAMPLES = [
    errors.DatabaseUnavailable("db.example.org:5432/waypost", "connection refused"),
    errors.SchemaOutdated(None, "0004"),
    errors.DiskFull(Path("/srv/waypost/var"), free_mb=3, needed_mb=120),
    errors.PortInUse("127.0.0.1", 8050),
    errors.ConfigurationMissing("WAYPOST_PORT", "should be a valid integer"),
    errors.InputRejected("counts.csv line 3, count", "not a number"),
    errors.PayloadRejected("counts.csv", "an HTML page"),
    errors.IdentityBreak("conflict_event", vanished=90, known=100, max_share=0.2),
    errors.ExpectationBroken("rows", 0, 1),
    errors.DatabaseReadOnly("cannot execute INSERT in a read-only transaction"),
]
SYSEXITS = {getattr(os, name) for name in dir(os) if name.startswith("EX_")} - {os.EX_OK}


def test_every_error_has_an_example_here():
    defined = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, WaypostError)}
    assert {type(example) for example in EXAMPLES} == defined - {WaypostError}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_keeps_its_numbers_says_them_and_knows_its_exit(error: WaypostError):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again), str(again)) == (type(error), vars(error), str(error))
    assert vars(error), "an error without numbers helps nobody"
    assert error.exit_code in SYSEXITS
    assert 400 <= error.http_status < 600
    assert not str(error).startswith("(")


def test_the_numbers_are_in_the_text():
    assert "3 MB are free at /srv/waypost/var, at least 120 MB" in str(EXAMPLES[2])
    assert "Port 8050 on 127.0.0.1" in str(EXAMPLES[3])
