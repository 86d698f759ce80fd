"""What the encoder knows before it is fine-tuned."""

import numpy as np
import pytest

pytest.importorskip("torch")

from stance.codebook import ISSUES, LABELS, Candidate, Example, Issue, Label, Source, Stance
from stance.dataset import LabelledExample, targets
from stance.embedding_baseline import EmbeddingBaseline
from stance.labels import LabelledSentence
from stance.transformer import PACKAGED_BACKBONE, Embedder

VERBS = {
    Label.DEMAND: "demanded that {} accept {}",
    Label.CONCESSION: "told {} that it agreed to {}",
    Label.REJECTION: "told {} that it rejected {}",
    Label.PRECONDITION: "told {} that it would talk only after {}",
}
THINGS = {Issue.CEASEFIRE: "a truce", Issue.ECONOMY: "a tariff cut", Issue.TERRITORY: "a withdrawal from the delta"}


def labelled(holder, other, label, issue, things=THINGS):
    text = f"{holder} {VERBS[label].format(other, things[issue])}."
    spans = [(text.index(party), text.index(party) + len(party)) for party in (holder, other)]
    sentence = LabelledSentence("r1", 1, None, "delta", text, Source.AUTHORED, (Stance(holder, label, issue),))
    return LabelledExample(sentence, Example(text, "", (Candidate(holder, (spans[0],)), Candidate(other, (spans[1],)))))


def taught(issues):
    parties = (("Belmark", "Ardania"), ("Ardania", "Corvia"), ("Corvia", "Belmark"))
    return [labelled(*pair, label, issue) for pair in parties for label in LABELS for issue in issues]


@pytest.fixture(scope="module")
def fitted():
    items = taught(THINGS)
    return EmbeddingBaseline(backbone=PACKAGED_BACKBONE).fit(
        [item.example for item in items], [targets(item) for item in items]
    )


@pytest.mark.parametrize("label", LABELS)
def test_a_taught_pattern_is_found_for_other_parties(fitted, label):
    item = labelled("Ardania", "Belmark", label, Issue.ECONOMY)
    [answer] = fitted.predict_proba([item.example])
    assert LABELS[int(answer.labels[0].argmax())] is label
    assert ISSUES[int(answer.issues[0, 0].argmax())] is Issue.ECONOMY
    assert answer.labels[1, LABELS.index(label)] > answer.labels[2, LABELS.index(label)]


def test_answers_have_a_row_for_each_query_and_are_probabilities(fitted):
    answers = fitted.predict_proba([Example("It rained."), taught(THINGS)[0].example])
    assert [answer.labels.shape for answer in answers] == [(1, 4), (3, 4)]
    assert all(((answer.labels >= 0) & (answer.labels <= 1)).all() for answer in answers)
    assert answers[1].issues.sum(axis=-1) == pytest.approx(1)


def test_two_issues_are_enough():
    items = taught([Issue.CEASEFIRE, Issue.ECONOMY])
    model = EmbeddingBaseline(backbone=PACKAGED_BACKBONE).fit(
        [item.example for item in items], [targets(item) for item in items]
    )
    [answer] = model.predict_proba([labelled("Corvia", "Ardania", Label.DEMAND, Issue.CEASEFIRE).example])
    assert ISSUES[int(answer.issues[0, 0].argmax())] is Issue.CEASEFIRE


def test_no_examples_have_no_answers(fitted):
    assert fitted.predict_proba([]) == []


def test_an_example_has_the_same_vectors_alone_and_among_others():
    embedder = Embedder(PACKAGED_BACKBONE)
    examples = [item.example for item in taught(THINGS)[:5]]
    among = embedder.queries(examples)
    assert np.allclose(embedder.queries(examples[2:3])[0], among[2], atol=1e-5)
