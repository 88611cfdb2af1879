"""Refuse what looks like data about a person: Waypost holds aggregates only."""

import re
import unicodedata
from collections.abc import Iterable

from data.errors import PayloadRejected

_WHOLE = frozenset((
    "name", "names", "fullname", "othernames", "alias", "nom", "noms", "nomcomplet", "nombre", "nombres",
    "dob", "age", "birthday", "ddn", "sexe", "phone", "tel", "gsm", "mobile", "telefono", "email", "mail", "courriel",
    "correo", "address", "adresse", "direccion", "iris", "face", "photo", "foto", "signature", "firma", "document",
    "documentno", "documentnumber", "docno", "idno", "idnumber", "idcard", "nin", "cni", "cin", "ssn", "curp", "dni",
    "visanumber", "visano", "caseno", "caseid", "casenumber", "proges", "progres", "progresid", "individualid",
    "personid", "householdid", "registrationnumber", "registrationno", "اسم", "الاسم", "اللقب", "الهاتف", "البصمة",
    "العنوان", "البريد", "الصورة", "العمر", "nome", "nomecompleto", "sobrenome", "telefone", "contact", "contacts",
    "contactperson", "contactdetails", "contactno", "contactnumber", "focalpoint", "phoneno", "phonenr", "mobileno",
    "mobilenumber", "telno", "піб", "імя", "імʼя", "вік", "адреса", "пошта", "підпис", "фио", "имя", "возраст",
    "адрес", "почта", "подпись", "نام", "سن", "تلفن", "موبایل", "آدرس", "ادرس", "امضا", "عکس",
))  # fmt: skip
"""Column names, folded, that name something of one person when they are the whole name."""
_WITHIN = (
    "surname", "lastname", "firstname", "givenname", "familyname", "maidenname", "middlename", "fathername",
    "mothername", "nameofperson", "prenom", "nomdefamille", "patronyme", "apellido", "primernombre", "dateofbirth",
    "birthdate", "placeofbirth", "birthplace", "yearofbirth", "naissance", "nacimiento", "passport", "passeport",
    "pasaporte", "nationalid", "identitycard", "carteidentite", "cartedidentite", "numerodedocument",
    "numerodedocumento", "documentodeidentidad", "phonenumber", "telephone", "whatsapp", "msisdn", "emailaddress",
    "homeaddress", "fingerprint", "empreinte", "huelladactilar", "huelladigital", "biometri", "facialimage",
    "iriscode", "تاريخالميلاد", "مكانالميلاد", "جوازالسفر", "رقمالجواز", "رقمالهاتف", "رقمالوثيقة", "رقمالهوية",
    "بطاقةالهوية", "بصمةالاصبع", "الاسمالكامل", "اسمالاب", "اسمالام", "nascimento", "passaporte", "прізвищ",
    "повнеімя", "телефон", "паспорт", "датанародженн", "відбиткипальців", "фамили", "полноеимя", "датарождени",
    "отпечаткипальцев", "نامخانوادگی", "نامخانوادگي", "نامپدر", "شمارهتماس", "شمارهتلفن", "گذرنامه", "پاسپورت",
    "کدملی", "كدملي", "شمارهملی", "تاریختولد", "اثرانگشت",
)  # fmt: skip
"""The same anywhere within a name."""
_ILL = re.compile(r"(?:in|out)?(?:patient|paciente|malade|doente)(e?s?)(.*)")
"""A word for one who is ill, the sign of more than one, and what is written on to it without a blank."""
_COUNTED = frozenset(("count", "counts", "total", "totals", "beds", "capacity", "admissions"))
"""With one of these even "patient" is a figure of many: patient_count. A patient_number is a person's."""
_NAMED = frozenset((
    "id", "ids", "name", "names", "nom", "noms", "nome", "nomes", "initials", "initiales", "iniciales", "iniciais",
    "dossier", "code", "codes", "ref",
))  # fmt: skip
"""With one of these even "patients" are persons."""
_NAMES = frozenset(("name", "names", "nom", "noms", "nome", "nomes"))
_SOMEBODY = frozenset((
    "head", "family", "household", "traveller", "traveler", "passenger", "refugee", "migrant", "person", "people",
    "beneficiary", "child", "mother", "father", "parent", "guardian", "spouse", "chef", "famille", "menage", "voyageur",
    "passager", "refugie", "personne", "enfant", "mere", "pere", "tuteur", "beneficiaire", "officer", "agent", "staff",
    "contact", "leader", "supervisor", "clerk", "driver", "responsable",
))  # fmt: skip
"""A name of one of these is a person's: "Name of head of family". (*Nombre* is left out: it is French for number.)"""


def refuse_personal(columns: Iterable[str], name: str) -> None:
    """Raise PayloadRejected when a column looks like personal data.

    The names are English, French, Spanish, Portuguese, Arabic, Persian, Ukrainian or Russian. A count by sex or age
    group is no such column, one person's sex or age is: counts have such groups as words in ``population_group``. So
    "patients_count" is none and "patient_id" is.

    >>> refuse_personal(["place_id", "people"], "counts.csv")
    >>> refuse_personal(["Date of Birth"], "counts.csv")
    Traceback (most recent call last):
    data.errors.PayloadRejected: counts.csv: the column 'Date of Birth' looks like data about a person; ...
    """
    for column in columns:
        folded = _folded(column)
        if (
            folded in _WHOLE
            or any(word in folded for word in _WITHIN)
            or _names_a_patient(column)
            or _names_somebody(column)
        ):
            reason = f"the column {column[:80]!r} looks like data about a person; Waypost takes aggregate counts only"
            raise PayloadRejected(name, reason + ", nothing of this file was kept")


def _names_somebody(column: str) -> bool:
    """Tell whether a column holds the names of persons of some sort.

    >>> [_names_somebody(c) for c in ("Name of head of family", "Nom du chef de ménage", "site name", "people")]
    [True, True, False, False]
    """
    words = {_folded(word) for word in re.split(r"[\W_]+", column)}
    return bool(words & _NAMES and words & _SOMEBODY)


def _names_a_patient(column: str) -> bool:
    """Tell whether a column is about one who is ill; a count of the ill is an aggregate.

    >>> [_names_a_patient(name) for name in ("patientId", "malade", "nom des malades", "nombre de pacientes")]
    [True, True, True, True]
    >>> [_names_a_patient(name) for name in ("patients_count", "nombre de malades", "maladie", "patient count")]
    [False, False, False, False]
    """
    words = [_folded(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", column)]
    for word in words:
        found = _ILL.fullmatch(word)
        if found is None:
            continue
        many, rest = found.group(1).endswith("s"), found.group(2)
        others = {*words, rest}
        is_named = bool(others & _NAMED) or ("paciente" in word and "nombre" in others)
        if is_named or not (many or others & _COUNTED) or (rest and rest not in _COUNTED):
            return True
    return False


def _folded(text: str) -> str:
    """Return a column's name without accents, case, spaces and signs; Arabic letters without their variants."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", "".join(c for c in plain if not unicodedata.combining(c)))
