"""Classifiers that every number is held against: TF-IDF with logistic regression, cue words, and nothing at all."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
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

from stance.arrays import Bools, Floats
from stance.codebook import ISSUES, LABELS, Example, Label, StanceError
from stance.dataset import Targets
from stance.predictions import Probabilities

THIS_PARTY: Final = "thisparty"
OTHER_PARTY: Final = "otherparty"
N_WORD_FEATURES: Final = 15_000
N_CHARACTER_FEATURES: Final = 25_000
TRUSTED: Final = ["sklearn.multiclass._ConstantPredictor"]  # beside the types that skops itself trusts

_CUES: Final = {
    Label.DEMAND: r"demand|insist|call(s|ed|ing)? (for|on)|must|want|urg(e|ed|es|ing)\b|seek|claim|propos",
    Label.CONCESSION: r"agree[ds]? to|accept(?!ab)|offer|ready|willing|open to|would consider|drop(s|ped)|eas(e|ed)\b",
    Label.REJECTION: r"reject|refus|rul(e|es|ed|ing) out|oppos|will not|won't|never|unacceptable|dismiss",
    Label.PRECONDITION: r"only (if|when|after|once)|unless|until|on condition|provided|as long as|in exchange",
}


class LinearModels:
    """One linear model for the sentence, one for each party in it, one for the issue, on features of the queries.

    ``make`` gives a new scikit-learn classifier. The issue does not depend on the label or the party.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self.fitted: dict[str, Any] = {}

    def fit(self, features: Any, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str) -> Self:
        """Fit the three models; ``features`` has a row for each query of each example, in order."""
        labels = np.concatenate([target.labels for target in targets])
        issues = np.concatenate([target.issues for target in targets]).sum(axis=1)
        is_sentence = _is_sentence(examples)
        held = is_sentence & (issues.sum(axis=1) > 0)
        if is_sentence.all() or not held.any():
            raise StanceError("training sentences: no stance in them, or no party; at least one of each is needed")
        issue_numbers = issues[held].argmax(axis=1)
        issue = self._make() if len(set(issue_numbers)) > 1 else DummyClassifier()
        steps = (
            ("sentence", OneVsRestClassifier(self._make()), is_sentence, labels[is_sentence]),
            ("party", OneVsRestClassifier(self._make()), ~is_sentence, labels[~is_sentence]),
            ("issue", issue, held, issue_numbers),
        )
        for name, model, rows, answers in tqdm(steps, desc=progress, unit="model", disable=not progress):
            self.fitted[name] = model.fit(features[rows], answers)
        return self

    def predict_proba(self, features: Any, examples: Sequence[Example]) -> list[Probabilities]:
        """Probabilities for each example, in order, from the features of its queries."""
        is_sentence = _is_sentence(examples)
        labels = np.zeros((len(is_sentence), len(LABELS)))
        for name, rows in (("sentence", is_sentence), ("party", ~is_sentence)):
            if rows.any():
                labels[rows] = self.fitted[name].predict_proba(features[rows])
        issues = np.zeros((len(examples), len(ISSUES)))
        issues[:, self.fitted["issue"].classes_] = self.fitted["issue"].predict_proba(features[is_sentence])
        firsts = np.flatnonzero(is_sentence)
        return [
            Probabilities(
                labels[first : first + example.n_queries],
                np.broadcast_to(answer, (example.n_queries, len(LABELS), len(ISSUES))),
            )
            for first, example, answer in zip(firsts, examples, issues, strict=True)
        ]


class TfidfBaseline:
    """Logistic regression on TF-IDF of words and characters.

    A party is asked about by writing ``thisparty`` for its mentions and ``otherparty`` for the others'.
    """

    def __init__(self, *, seed: int = 1) -> None:
        self.seed = seed
        self._vectorizer: Any = None
        self._models = LinearModels(self._classifier)

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Fit the three models; ``progress`` titles a progress bar, none where it is empty."""
        self._vectorizer = make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=N_WORD_FEATURES, sublinear_tf=True),
            TfidfVectorizer(
                analyzer="char_wb", ngram_range=(3, 5), min_df=3, max_features=N_CHARACTER_FEATURES, sublinear_tf=True
            ),
        )
        features = self._vectorizer.fit_transform(_texts(examples))
        self._models.fit(features, examples, targets, progress=progress)
        return self

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """Probabilities for each example, in order. The issue does not depend on the label or the party."""
        if not examples:
            return []
        return self._models.predict_proba(self._vectorizer.transform(_texts(examples)), examples)

    def save(self, folder: Path) -> None:
        """Write ``model.skops``."""
        folder.mkdir(parents=True, exist_ok=True)
        stored = {"seed": self.seed, "vectorizer": self._vectorizer, "models": self._models.fitted}
        skops.io.dump(stored, folder / "model.skops", compression=zipfile.ZIP_DEFLATED)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            StanceError: if it holds any type but those of scikit-learn and NumPy, or is no such model.
        """
        path = folder / "model.skops"
        try:
            stored = skops.io.load(path, trusted=TRUSTED)
            model = cls(seed=stored["seed"])
            model._vectorizer, model._models.fitted = stored["vectorizer"], dict(stored["models"])
        except Exception as error:  # skops raises errors of many kinds
            raise StanceError(f"{path}: skops cannot load a model from it ({error!r})") from error
        return model

    def _classifier(self) -> LogisticRegression:
        return LogisticRegression(C=10, class_weight="balanced", max_iter=1000, random_state=self.seed)


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


def _is_sentence(examples: Sequence[Example]) -> Bools:
    """Of the queries of all examples in order, which ask about anyone and not about a party."""
    return np.concatenate([np.arange(example.n_queries) == 0 for example in examples])


def _texts(examples: Sequence[Example]) -> list[str]:
    return [text for example in examples for text in _query_texts(example)]


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
