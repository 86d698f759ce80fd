"""English or not: in doubt it is."""

import subprocess
import sys

import pytest

from stance.language import LANGUAGES, MIN_LETTERS, foreign
from stance.paths import HOME
from stance.reports import read_reports

FOREIGN = {
    "ar": "رفضت بلمارك سحب قواتها من الدلتا ما لم تفتح أردانيا الميناء.",
    "de": "Belmark weigerte sich, seine Truppen aus dem Delta abzuziehen, solange Ardania den Hafen nicht öffnet.",
    "es": "Belmark se negó a retirar sus tropas del delta mientras Ardania no abra el puerto.",
    "fa": "بلمارک تا زمانی که آردانیا بندر را باز نکند از خروج نیروهایش از دلتا خودداری کرد.",
    "fr": "Le Belmark a refusé de retirer ses troupes du delta tant que l'Ardanie n'aura pas ouvert le port.",
    "he": "בלמרק סירבה להסיג את כוחותיה מהדלתא כל עוד ארדניה לא תפתח את הנמל.",
    "ja": "ベルマルクは、アルダニアが港を開かない限りデルタから軍を撤退させることを拒否した。",
    "nl": "Belmark weigerde zijn troepen uit de delta terug te trekken zolang Ardania de haven niet opent.",
    "pl": "Belmark odmówił wycofania wojsk z delty, dopóki Ardania nie otworzy portu.",
    "ru": "Белмарк отказался вывести войска из дельты, пока Ардания не откроет порт.",
    "tr": "Belmark, Ardania limanı açmadıkça birliklerini deltadan çekmeyi reddetti.",
    "uk": "Бельмарк відмовився вивести війська з дельти, доки Арданія не відкриє порт.",
    "zh": "贝尔马克拒绝从三角洲撤军，除非阿尔达尼亚开放港口。",
}


@pytest.mark.parametrize("code", FOREIGN)
def test_a_sentence_of_another_language_is_named(code):
    assert foreign(FOREIGN[code]) == f"seems to be {LANGUAGES[code]} ({code}), not English; only English is read"
    assert foreign(f"{FOREIGN[code]}\n" * 2000) == foreign(FOREIGN[code])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12.5 / 17 – 2022-03-16",
        "Niet!",
        "Belmark refused.",
        "Ardania demands Belmark troops withdraw, vows delta offensive",
        "ARDANIA MEETS BELMARK IN VESSIN AFTER MINISTER REJECTS CEASEFIRE PROPOSAL, DEMANDS DELTA WITHDRAWAL",
        "Volodymyr Zelenskyy, Andriy Yermak, Rustem Umerov, Kyrylo Budanov, Sergei Lavrov, Vladimir Medinsky",
        "“Мы не уйдём”, the minister of Belmark said in Russian before he left the talks on the delta.",
    ],
)
def test_a_short_text_a_headline_names_and_a_quotation_are_english(text):
    assert foreign(text) == ""


def test_latin_letters_too_few_to_tell_are_english():
    german = "Nein, Belmark verhandelt nicht über das Delta."
    assert sum(map(str.isalpha, german)) < MIN_LETTERS
    assert foreign(german) == ""
    assert foreign(f"{german} {german}").startswith("seems to be German")


def test_the_seeds_are_english():
    assert [foreign(report.text) for report in read_reports(HOME / "seeds")] == [""] * 5


def test_english_is_known_without_loading_the_identifier():
    script = (
        "import sys; from stance.language import foreign; "
        "print(foreign('The minister of Belmark said that it would not leave.'), 'py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
