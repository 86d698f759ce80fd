"""Whether a text is English, the only language that is read; offline."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_NAMES: Final = (
    "af:Afrikaans am:Amharic ar:Arabic az:Azerbaijani be:Belarusian bg:Bulgarian bn:Bengali bs:Bosnian ca:Catalan "
    "cs:Czech da:Danish de:German el:Greek en:English es:Spanish et:Estonian fa:Persian fi:Finnish fr:French "
    "he:Hebrew hi:Hindi hr:Croatian hu:Hungarian hy:Armenian id:Indonesian it:Italian ja:Japanese ka:Georgian "
    "kk:Kazakh ko:Korean ku:Kurdish ky:Kyrgyz lt:Lithuanian lv:Latvian mk:Macedonian ms:Malay my:Burmese ne:Nepali "
    "nl:Dutch no:Norwegian pl:Polish ps:Pashto pt:Portuguese ro:Romanian ru:Russian sk:Slovak sl:Slovenian "
    "so:Somali sq:Albanian sr:Serbian sv:Swedish sw:Swahili ta:Tamil th:Thai tl:Tagalog tr:Turkish uk:Ukrainian "
    "ur:Urdu uz:Uzbek vi:Vietnamese zh:Chinese"
)
_WORDS: Final = (  # that other languages do not have
    "about after against and are be because before between but by could from have his if into it its more must not "
    "only over said she should than that the their there they this under unless until were what when where which "
    "while who with would"
)
LANGUAGES: Final = dict(name.split(":") for name in _NAMES.split())
N_CHARACTERS: Final = 2_000  # from the start, in which English words are looked for
N_ASKED: Final = 10_000  # of which py3langid is asked
MIN_LETTERS: Final = 40  # a shorter text in Latin letters is taken for English
MIN_OTHER_LETTERS: Final = 10  # of other scripts
MAX_PROBABILITY: Final = 0.001  # of English; the sentences of data/corpus.csv of 40 letters or more have 0.08 and more
MIN_ENGLISH_SHARE: Final = 0.06  # of the words, that settles it at once
_ENGLISH: Final = frozenset(_WORDS.split())
_WORD: Final = re.compile(r"[^\W\d_]+")
_OTHER_LETTER: Final = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff\uff21-\uff5a]")  # of no Latin script


def foreign(text: str) -> str:
    """Why ``text`` is not to be read as English, or "" if it may be.

    The commonest English words settle most texts at once, for a hundredth of a millisecond; only the others are asked
    of py3langid (Lui and Baldwin 2012, "langid.py: An Off-the-shelf Language Identification Tool"), which takes most of
    a second and 130 MB to load. In doubt, and where there are too few letters to tell, a text is English.

    >>> foreign("Le Belmark a refusé de retirer ses troupes du delta.")
    'seems to be French (fr), not English; only English is read'
    >>> foreign("Belmark refused to withdraw its troops from the delta.")
    ''
    """
    text = text[:N_ASKED]
    words = _WORD.findall(text[:N_CHARACTERS].lower())
    if sum(word in _ENGLISH for word in words) >= MIN_ENGLISH_SHARE * len(words):
        return ""
    n_letters = sum(map(len, words))
    n_other = len(_OTHER_LETTER.findall(text[:N_CHARACTERS]))
    if n_letters < MIN_LETTERS and n_other < max(MIN_OTHER_LETTERS, n_letters / 2):
        return ""
    ranked = _identifier().rank(text)
    if dict(ranked)["en"] >= MAX_PROBABILITY:
        return ""
    code, _ = ranked[0]
    return f"seems to be {LANGUAGES[code]} ({code}), not English; only English is read"


@cache
def _identifier() -> LanguageIdentifier:
    """Restricted to languages with news of their own: of the rarer ones some resemble English."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
