"""The words in which DTM missions head their columns and tell days, in English, French, Spanish and Arabic.

A heading is understood when every one of its words is known here, after the number of its question ("2.1.b.7:") is
taken off: "Number of IDP individuals" is the figure, "Individuals displaced by the cyclone" is a part and no column of
ours. Areas are headed by what they are called in the country; the larger of two such words is the first level.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from etl.countries import iso3_of_name
from etl.months import last_day

FIGURE, DATE, SURVEYED = "numPresentIdpInd", "reportingDate", "surveyDate"
"""``SURVEYED`` is the day on which a site was visited: the sites of one round are visited on different days."""
MONTH, YEAR = "month", "year"
_IDPS = {
    "idp", "idps", "pdi", "pdis", "displaced", "deplaces", "deplacees", "deplacee", "desplazadas", "desplazados",
    "النازحين", "نازحين", "النازحون",
}  # fmt: skip
_PEOPLE = {
    "individuals", "individual", "ind", "persons", "people", "individus", "personnes", "personas", "individuos",
    "الافراد", "افراد", "الاشخاص",
}  # fmt: skip
_PLURAL = {"idps", "pdi", "pdis", "النازحين", "النازحون"}
"""Words of displaced people that need no word for people beside them."""
_OTHERS = re.compile(r"return|retour|retorn|rapatri|repatri|refug|migrant|host|hote|acogida|flow|flux|عايد")
"""What a table says that counts others than the displaced, or movements."""
_ALLOWED = {
    "number", "of", "total", "the", "estimated", "present", "presents", "nombre", "de", "d", "des", "numero", "estime",
    "internally", "internes", "interne", "internos", "internas", "internal", "nb", "no", "in", "site", "estimate",
    "عدد", "اجمالي",
}  # fmt: skip
_AREAS = (
    ("region", "regions"),
    ("state", "estado", "governorate", "gouvernorat", "wilaya", "prefecture", "oblast", "mantika", "المحافظه",
     "الولايه"),
    ("province", "provincia"),
    ("department", "departement", "departamento"),
    ("zone", "district", "county", "lga", "cercle", "territoire", "sous prefecture", "municipality", "municipio",
     "local government area", "arrondissement", "woreda", "distrito", "raion", "baladiya", "المديريه", "القضاء",
     "المحليه"),
    ("commune", "communes", "sub district", "locality", "hromada", "الناحيه"),
)  # fmt: skip
"""What first and second levels are called, from the larger to the smaller."""
_BEFORE = r"^(?:(?:name|nom|nombre) (?:of |de la |del |de |du )?|(?:site )?location |اسم )?"
_AFTER = r"(?: name| nom| of displacement| of affected population| d accueil| de (?:deplacement|desplazamiento))*$"
_AROUND = re.compile(f"{_BEFORE}(.*?){_AFTER}")
_NUMBERED = re.compile(r"^(?P<area>.+) adm(?:in)? ?(?P<level>[12])$")
_ROUND = ("round", "ronda", "r", "rounds", "cycle", "tour", "version", "v")
"""Words after which a number is that of a round, and no day of a month."""
_LEVEL = re.compile(r"^adm(?:in)? ?([012])(?: (en|fr|es|name|nom|pcode|p code|code))?$")
_CODE = re.compile(
    r"^(?:(?:(?:p ?)?cod(?:e|igo)|رمز) (?:de la |del |du |de )?(?P<before>.+)|(?P<after>.+?) (?:p ?)?cod(?:e|igo))$"
)
_EXACT = {
    "admin0Name": ("country", "country name", "pays", "pais"),
    "admin0Pcode": ("iso3", "country code", "country iso3", "code pays"),
    DATE: (
        "date", "reporting date", "reported date", "date reported", "report date", "date of report", "fecha",
        "date de rapportage", "date du rapport", "fecha de reporte", "fecha de informe", "التاريخ",
    ),
    SURVEYED: (
        "survey date", "assessment date", "date of assessment", "date of survey", "date of current survey",
        "date of data collection", "date de collecte", "date d evaluation", "date de l evaluation",
        "date de l enquete", "fecha de la encuesta", "fecha de evaluacion", "fecha de levantamiento", "تاريخ التقييم",
    ),
    MONTH: ("month", "reporting month", "mois", "mes", "mes de reporte"),
    YEAR: ("year", "reporting year", "annee", "ano"),
    "roundNumber": (
        "round", "round number", "dtm round", "survey round", "rounds", "ronda", "numero de ronda", "cycle",
    ),
    "displacementReason": (
        "reason for displacement", "reason of displacement", "displacement reason", "cause of displacement",
        "raison du deplacement", "raison de deplacement", "cause du deplacement", "motif du deplacement",
        "causa del desplazamiento", "razon del desplazamiento", "motivo del desplazamiento",
    ),
    "operation": ("operation", "operacion", "crisis", "crise"),
}  # fmt: skip
_QUESTION = re.compile(
    r"^(?:[a-z]?[0-9]+(?:[. ][0-9a-z]{1,2})*[.:)]+|[a-z][0-9]+(?:[.][a-z0-9]+)*|[0-9]+(?:[.][0-9a-z]{1,2})+)\s+"
)
_MONTHS = (
    "january janvier enero jan ene", "february fevrier febrero feb fev", "march mars marzo mar",
    "april avril abril apr", "may mai mayo", "june juin junio jun", "july juillet julio jul", "august aout agosto aug",
    "september septembre septiembre sept sep", "october octobre octubre oct", "november novembre noviembre nov",
    "december decembre diciembre dec dic",
)  # fmt: skip
_NUMBERS = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
_ISO = re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_WRITTEN = re.compile(
    r"(?:(?<![0-9])(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er)? (?:de |of )?)?(?P<name>[a-z]{3,10})"
    r"(?: (?P<after>[0-9]{1,2})(?:st|nd|rd|th)?)?(?:,| del?)? (?P<year>[0-9]{4})(?![0-9])"
)
"""15 octobre 2024, October 15, 2024, 1 de marzo de 2024, marzo 2024, after hyphens and points have become spaces."""
_MOST_WORDS = 5


def headings(cells: Sequence[str], above: Sequence[str] = (), titles: Sequence[str] = ()) -> list[str]:
    """Return a name for each heading, ours where its words, or those ``above`` it and its own, are known here.

    Where no heading is that of displaced people, "Individuals" is, if the ``titles`` speak of the displaced only.

    >>> headings(["Région", "Département", "B1.b Nombre d'individus déplacés internes", "Ménages"])
    ['admin1Name', 'admin2Name', 'numPresentIdpInd', 'Ménages']
    """
    over, texts = "", []
    for place, cell in enumerate(cells):
        over = (above[place].strip() if place < len(above) else "") or over
        texts.append((cell, f"{over} {cell}"))
    areas = {word: rank for rank, words in enumerate(_AREAS) for word in words}
    found = {area for pair in texts for text in pair if (area := _area(plain(text))) in areas}
    levels = {rank: level for level, rank in enumerate(sorted({areas[area] for area in found}), start=1)}
    names: list[str] = []
    for cell, whole in texts:
        options = (
            _meaning(plain(text), {area: levels.get(rank, 9) for area, rank in areas.items()}) for text in (cell, whole)
        )
        name = next((option for option in options if option), None)
        names.append(name if name and name not in names else cell)
    people = [place for place, cell in enumerate(cells) if (words := set(plain(cell).split())) & _PEOPLE
              and words <= _PEOPLE | _ALLOWED]  # fmt: skip
    if FIGURE not in names and len(people) == 1 and _is_of_displaced(titles, cells):
        names[people[0]] = FIGURE
    return names


def _is_of_displaced(titles: Sequence[str], cells: Sequence[str]) -> bool:
    """Tell whether the first title that names anybody names the displaced, and no heading names others."""
    if any(_OTHERS.search(plain(cell)) for cell in cells):
        return False
    for title in titles:
        told = plain(title)
        if _OTHERS.search(told):
            return False
        if set(told.split()) & _IDPS:
            return True
    return False


def _meaning(text: str, levels: dict[str, int]) -> str | None:
    """Return our column for a plain heading, None where a word of it is not known; ``levels`` are those of areas."""
    words = set(text.split())
    is_told = bool(words & _IDPS) and bool(words & (_PEOPLE | _PLURAL))
    if is_told and words <= _IDPS | _PEOPLE | _ALLOWED:
        return FIGURE
    for name, spellings in _EXACT.items():
        if text in spellings:
            return name
    if level := _LEVEL.match(text):
        return f"admin{level[1]}{'Pcode' if 'code' in (level[2] or '') else 'Name'}"
    if (numbered := _NUMBERED.match(text)) and _area(numbered["area"]) in levels:
        return f"admin{numbered['level']}Name"
    if code := _CODE.match(text):
        rank = levels.get(_area(code["before"] or code["after"]), 9)
        return f"admin{rank}Pcode" if rank < 3 else None
    rank = levels.get(_area(text), 9)
    return f"admin{rank}Name" if rank < 3 else None


def _area(text: str) -> str:
    """Return what a plain heading of an area calls it."""
    found = _AROUND.match(text)
    return found[1] if found else text


def plain(text: str) -> str:
    """Return a text in small letters without accents, signs and the number of a question.

    >>> plain("2.1.b.7: Total Number of IDP Individuals"), plain("A3. Département"), plain("# IDP INDIVIDUALS")
    ('total number of idp individuals', 'departement', 'idp individuals')
    """
    folded = unicodedata.normalize("NFKD", text.strip().casefold()).replace("ة", "ه")
    told = _QUESTION.sub("", "".join(c for c in folded if not unicodedata.combining(c)))
    return " ".join(re.sub(r"[^0-9a-z\u0621-\u064a]+", " ", told).split())


def day_in(texts: Sequence[str]) -> str:
    """Return the one day that texts tell, or the last day of the one month; raise ValueError for none or several.

    >>> [day_in([text]) for text in ("Tchad, 15 octobre 2024", "Ronda 3, marzo de 2024", "Round 9 Sept 2024")]
    ['2024-10-15', '2024-03-31', '2024-09-30']
    """
    days: set[date] = set()
    months: set[date] = set()
    for text in texts:
        for year, month, day in _ISO.findall(text):
            days |= _possible(int(year), int(month), int(day))
        folded = unicodedata.normalize("NFKD", text.casefold())
        words = re.sub(r"[-_/. ]+", " ", "".join(c for c in folded if not unicodedata.combining(c)))
        for found in _WRITTEN.finditer(words):
            number, day = _NUMBERS.get(found["name"]), found["day"] or found["after"]
            is_round = words[: found.start()].split()[-1:] in ([word] for word in _ROUND)
            if number and day and not (found["day"] and is_round):
                days |= _possible(int(found["year"]), number, int(day))
            elif number:
                months |= {last_day(first) for first in _possible(int(found["year"]), number, 1)}
    told = sorted(days or months)
    if len(told) == 1:
        return told[0].isoformat()
    raise ValueError(f"tells several days ({', '.join(map(str, told))[:200]})" if told
                     else "tells no day, as 15 October 2024 in a title")  # fmt: skip


def day_of_month(month: str, year: str = "") -> str:
    """Return the last day of a month told by a number or name and a year, the text as it is where there is none.

    >>> day_of_month("9", "2019"), day_of_month("Septiembre", "2019"), day_of_month("Sept 2019"), day_of_month("x")
    ('2019-09-30', '2019-09-30', '2019-09-30', 'x')
    """
    text = f"{month.strip()} {year.strip().removesuffix('.0')}".strip()
    if (number := re.fullmatch(r"(1[0-2]|0?[1-9])(?:[.]0)? ([0-9]{4})", text)) is not None:
        return last_day(date(int(number[2]), int(number[1]), 1)).isoformat()
    try:
        return day_in([text])
    except ValueError:
        return text


def _possible(year: int, month: int, day: int) -> set[date]:
    """Return a day where the calendar has it."""
    try:
        return {date(year, month, day)}
    except ValueError:
        return set()


def country_in(texts: Sequence[str]) -> str | None:
    """Return the alpha-3 code of the one country that texts name in English, None for none or several.

    >>> country_in(["DTM South Sudan - Round 15"]), country_in(["Chad and Niger"])
    ('SSD', None)
    """
    found: set[str] = set()
    for text in texts:
        words, at = re.findall(r"[^\W\d_]+", text), 0
        while at < len(words):
            sizes = range(min(_MOST_WORDS, len(words) - at), 0, -1)
            told = next(((size, iso3) for size in sizes if (iso3 := _country(words[at : at + size]))), None)
            found |= {told[1]} if told else set()
            at += told[0] if told else 1
    return found.pop() if len(found) == 1 else None


def _country(words: Sequence[str]) -> str | None:
    """Return the code of a country that words name; a code or an abbreviation is no name here."""
    name = " ".join(words)
    return iso3_of_name(name) if len(name) > 3 else None
