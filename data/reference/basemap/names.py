"""Names in English, French, Spanish and Arabic for map labels.

Countries and large cities: Unicode CLDR, except where its everyday name differs from the name the United Nations use.
A language without a known name is absent: the map then shows the main name.
"""

import re
from collections.abc import Iterable

from babel import Locale

LANGUAGES = ("en", "fr", "es", "ar")
# United Nations usage (UNTERM, standard country or area codes M49), in the order of LANGUAGES.
UNITED_NATIONS: dict[str, tuple[str, str, str, str]] = {
    "CG": ("Congo", "Congo", "Congo", "الكونغو"),
    "CD": (
        "Democratic Republic of the Congo",
        "République démocratique du Congo",
        "República Democrática del Congo",
        "جمهورية الكونغو الديمقراطية",
    ),
    "CI": ("Côte d’Ivoire", "Côte d’Ivoire", "Côte d’Ivoire", "كوت ديفوار"),
    "FK": (
        "Falkland Islands (Malvinas)",
        "Îles Falkland (Malvinas)",
        "Islas Malvinas (Falkland Islands)",
        "جزر فوكلاند (مالفيناس)",
    ),
    "KP": (
        "Democratic People’s Republic of Korea",
        "République populaire démocratique de Corée",
        "República Popular Democrática de Corea",
        "جمهورية كوريا الشعبية الديمقراطية",
    ),
    "KR": ("Republic of Korea", "République de Corée", "República de Corea", "جمهورية كوريا"),
    "LA": (
        "Lao People’s Democratic Republic",
        "République démocratique populaire lao",
        "República Democrática Popular Lao",
        "جمهورية لاو الديمقراطية الشعبية",
    ),
    "MM": ("Myanmar", "Myanmar", "Myanmar", "ميانمار"),
    "PS": ("State of Palestine", "État de Palestine", "Estado de Palestina", "دولة فلسطين"),
    "TW": (
        "Taiwan Province of China",
        "Province chinoise de Taiwan",
        "Provincia china de Taiwán",
        "مقاطعة تايوان الصينية",
    ),
    "XK": ("Kosovo (UNSCR 1244)", "Kosovo (S/RES/1244)", "Kosovo (S/RES/1244)", "كوسوفو (القرار 1244)"),
}
# Letters of the Arabic alphabet only: Persian, Urdu and Uyghur spellings use letters outside these ranges.
_ARABIC = re.compile(r"[\u0621-\u063A\u0641-\u064A][\u0621-\u063A\u0641-\u064A ]+")
# Alif with hamza, ta marbuta and alif maqsura mark Arabic spelling; Persian and Urdu share the other letters.
_ARABIC_ORTHOGRAPHY = re.compile(r"[\u0623\u0625\u0629\u0649]")
_UNIT_WORDS = {
    "en": re.compile(
        r" (?:Autonomous |Economic )?(?:Prefecture|Region|Province|Governorate|State|District|Department)$", re.I
    ),
    "fr": re.compile(
        r"^(?:région|province|gouvernorat|département|préfecture)(?: (?:du|de la|des|de)| de l['’])\s*", re.I
    ),
    "es": re.compile(r"^(?:región|provincia|gobernación|departamento) (?:del|de la|de)\s*", re.I),
    "ar": re.compile(r"^(?:منطقة|محافظة|ولاية|إقليم|مقاطعة|شعبية|بلدية) "),
}


def country_names(alpha2: str) -> dict[str, str]:
    """Names of one country or area by language; empty for a code CLDR does not know."""
    if alpha2 in UNITED_NATIONS:
        return dict(zip(LANGUAGES, UNITED_NATIONS[alpha2], strict=True))
    found = {language: Locale(language).territories.get(alpha2) for language in LANGUAGES}
    return {language: name for language, name in found.items() if name}


def city_names() -> dict[str, dict[str, str]]:
    """Time zone (one exemplar city each) to that city's name in French, Spanish and Arabic."""
    names: dict[str, dict[str, str]] = {}
    for language in LANGUAGES[1:]:
        for zone, entry in Locale(language).time_zones.items():
            if entry.get("city"):
                names.setdefault(zone, {})[language] = entry["city"]
    return names


def arabic_among(names: Iterable[str]) -> str | None:
    """Pick an Arabic name from GeoNames' alternative names, which carry no language mark; None when none is Arabic.

    >>> arabic_among(["Adre", "adry", "adrے", "ادرے", "أدري"])
    'أدري'
    """
    candidates = sorted(name for name in names if _ARABIC.fullmatch(name) and not _UNIT_WORDS["ar"].match(name))
    if not candidates:
        return None
    return max(candidates, key=lambda name: (len(_ARABIC_ORTHOGRAPHY.findall(name)), len(name)))


def without_unit_word(name: str, language: str) -> str:
    """Drop the words for the kind of unit, which crowd a label.

    >>> without_unit_word("Vakaga Prefecture", "en"), without_unit_word("Région du Guéra", "fr")
    ('Vakaga', 'Guéra')
    """
    shortened = _UNIT_WORDS[language].sub("", name)
    return shortened[:1].upper() + shortened[1:]
