"""Classifiers that every number is held against: TF-IDF with logistic regression, cue words, and nothing at all."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_union
from tqdm import tqdm

from stance.codebook import ISSUES, LABELS, Example, Label, StanceError
from stance.dataset import Targets
from stance.predictions import Floats, Probabilities

THIS_PARTY: Final = "thisparty"
OTHER_PARTY: Final = "otherparty"
N_WORD_FEATURES: Final = 15_000
N_CHARACTER_FEATURES: Final = 25_000

_CUES: Final = {
    Label.DEMAND: r"demand|insist|call(s|ed|ing)? (for|on)|must|want|urg(e|ed|es|ing)\b|seek|claim|propos",
    Label.CONCESSION: r"agree[ds]? to|accept(?!ab)|offer|ready|willing|open to|would consider|drop(s|ped)|eas(e|ed)\b",
    Label.REJECTION: r"reject|refus|rul(e|es|ed|ing) out|oppos|will not|won't|never|unacceptable|dismiss",
    Label.PRECONDITION: r"only (if|when|after|once)|unless|until|on condition|provided|as long as|in exchange",
}


class TfidfBaseline:
    """Logistic regression on TF-IDF of words and characters: for the sentence, for each party in it, for the issue.

    A party is asked about by writing ``thisparty`` for its mentions and ``otherparty`` for the others'.
    """

    def __init__(self, *, seed: int = 1) -> None:
        self.seed = seed
        self._vectorizer: Any = None
        self._models: dict[str, Any] = {}

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Fit the three models; ``progress`` titles a progress bar, none where it is empty."""
        labels = np.concatenate([target.labels for target in targets])
        issues = np.concatenate([target.issues for target in targets]).sum(axis=1)
        is_sentence = np.concatenate([np.arange(example.n_queries) == 0 for example in examples])
        texts = np.array([text for example in examples for text in _query_texts(example)], dtype=object)
        held = is_sentence & (issues.sum(axis=1) > 0)
        if is_sentence.all() or not held.any():
            raise StanceError("training sentences: no stance in them, or no party; at least one of each is needed")
        self._vectorizer = make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=N_WORD_FEATURES, sublinear_tf=True),
            TfidfVectorizer(
                analyzer="char_wb", ngram_range=(3, 5), min_df=3, max_features=N_CHARACTER_FEATURES, sublinear_tf=True
            ),
        )
        issue_numbers = issues[held].argmax(axis=1)
        issue = (
            LogisticRegression(C=10, max_iter=1000, random_state=self.seed)
            if len(set(issue_numbers)) > 1
            else DummyClassifier()
        )
        with tqdm(total=4, desc=progress, unit="step", disable=not progress) as bar:
            features = self._vectorizer.fit_transform(texts)
            bar.update()
            for name, classifier, rows, answers in (
                ("sentence", self._one_vs_rest(), is_sentence, labels[is_sentence]),
                ("party", self._one_vs_rest(), ~is_sentence, labels[~is_sentence]),
                ("issue", issue, held, issue_numbers),
            ):
                self._models[name] = classifier.fit(features[rows], answers)
                bar.update()
        return self

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """Probabilities for each example, in order. The issue does not depend on the label or the party."""
        if not examples:
            return []
        texts = [_query_texts(example) for example in examples]
        parties = [text for query in texts for text in query[1:]]
        features = self._vectorizer.transform([query[0] for query in texts] + parties)
        labels_of_all = self._models["sentence"].predict_proba(features[: len(texts)])
        labels_of_parties = (
            self._models["party"].predict_proba(features[len(texts) :]) if parties else np.zeros((0, len(LABELS)))
        )
        issues = np.zeros((len(examples), len(ISSUES)))
        issues[:, self._models["issue"].classes_] = self._models["issue"].predict_proba(features[: len(texts)])
        probabilities = []
        first = 0
        for row, example in enumerate(examples):
            last = first + len(example.candidates)
            labels = np.concatenate([labels_of_all[row : row + 1], labels_of_parties[first:last]])
            tiled = np.broadcast_to(issues[row], (example.n_queries, len(LABELS), len(ISSUES)))
            probabilities.append(Probabilities(labels, tiled))
            first = last
        return probabilities

    def save(self, folder: Path) -> None:
        """Write ``model.skops``."""
        folder.mkdir(parents=True, exist_ok=True)
        stored = {"seed": self.seed, "vectorizer": self._vectorizer, "models": self._models}
        skops.io.dump(stored, folder / "model.skops", compression=zipfile.ZIP_DEFLATED)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; skops refuses any type but those of scikit-learn and NumPy."""
        stored = skops.io.load(folder / "model.skops", trusted=["sklearn.multiclass._ConstantPredictor"])
        model = cls(seed=stored["seed"])
        model._vectorizer, model._models = stored["vectorizer"], stored["models"]
        return model

    def _one_vs_rest(self) -> OneVsRestClassifier:
        return OneVsRestClassifier(
            LogisticRegression(C=10, class_weight="balanced", max_iter=1000, random_state=self.seed)
        )


class CueWords:
    """A label wherever one of its cue words stands, for anyone and for every party alike: no training, no issue."""

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Nothing to learn."""
        return self

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """1 where a cue word stands, else 0."""
        patterns = [re.compile(rf"\b(?:{_CUES[label]})", re.IGNORECASE) for label in LABELS]
        return [
            _constant(example, np.array([bool(pattern.search(example.sentence)) for pattern in patterns]))
            for example in examples
        ]


class Majority:
    """The most frequent answer, which is that nobody holds any stance."""

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Nothing to learn."""
        return self

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """0 for every label."""
        return [_constant(example, np.zeros(len(LABELS))) for example in examples]


def _constant(example: Example, labels: Floats) -> Probabilities:
    issues = np.zeros((example.n_queries, len(LABELS), len(ISSUES)))
    issues[..., ISSUES.index(ISSUES[-1])] = 1
    return Probabilities(np.broadcast_to(labels.astype(float), (example.n_queries, len(LABELS))), issues)


def _query_texts(example: Example) -> list[str]:
    """The sentence as it is, then once for each candidate with the parties written as this one and others."""
    texts = [example.sentence]
    for asked in example.candidates:
        marked = [
            (*span, THIS_PARTY if candidate is asked else OTHER_PARTY)
            for candidate in example.candidates
            for span in candidate.spans
        ]
        text = example.sentence
        for start, end, word in sorted(marked, reverse=True):
            text = f"{text[:start]}{word}{text[end:]}"
        texts.append(text if asked.spans else f"carried{THIS_PARTY} {text}")
    return texts
