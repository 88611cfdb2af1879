"""Refuse what looks like data about a person: Waypost holds aggregates only."""

import re
import unicodedata
from collections.abc import Iterable

from data.errors import PayloadRejected

_WORDS = {
    "name", "surname", "lastname", "firstname", "fullname", "givenname", "familyname", "mothername",
    "fathername", "nom", "prenom", "nomdefamille", "apellido", "apellidos", "nombre", "dob", "dateofbirth",
    "birthdate", "birthday", "datedenaissance", "fechadenacimiento", "passport", "passportnumber", "passportno",
    "passeport", "pasaporte", "nationalid", "idnumber", "idcard", "documentno", "documentnumber", "docno",
    "numerodedocument", "visanumber", "phone", "phonenumber", "telephone", "telefono", "mobile", "msisdn",
    "whatsapp", "email", "mail", "address", "adresse", "direccion", "fingerprint", "fingerprints", "biometric",
    "biometrics", "iris", "face", "photo", "proges", "progresid", "caseid", "casenumber", "individualid",
    "personid", "householdid", "registrationnumber", "ssn", "الاسم", "اسم", "تاريخالميلاد", "جوازالسفر",
    "رقمالهاتف", "رقمالوثيقة",
}  # fmt: skip


def refuse_personal(columns: Iterable[str], name: str) -> None:
    """Raise PayloadRejected when a column looks like personal data.

    >>> refuse_personal(["place_id", "people"], "counts.csv")
    >>> refuse_personal(["Date of Birth"], "counts.csv")
    Traceback (most recent call last):
    data.errors.PayloadRejected: counts.csv: the column 'Date of Birth' looks like data about a person; ...
    """
    for column in columns:
        if _folded(column) in _WORDS:
            reason = f"the column {column!r} looks like data about a person; Waypost takes aggregate counts only"
            raise PayloadRejected(name, reason + ", nothing of this file was kept")


def _folded(text: str) -> str:
    """Return a column's name without accents, case, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", "".join(c for c in plain if not unicodedata.combining(c)))
