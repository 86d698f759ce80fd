"""A classifier for archives in tests and in the processes that they kill."""

import time
from pathlib import Path

import numpy as np

from stance.actors import ActorTable, Alias, AliasKind
from stance.archive import classify_archive
from stance.artefacts import StoredModel
from stance.classify import StanceClassifier
from stance.predictions import DecisionRule, Probabilities
from stance.streams import sources


class Shouting:
    """Whoever is named in a sentence with an exclamation mark demands territory."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def predict_proba(self, examples):
        time.sleep(self.seconds * len(examples))
        return [
            Probabilities(
                np.tile([0.9 if "!" in one.sentence else 0.1, 0.1, 0.1, 0.1], (one.n_queries, 1)),
                np.tile(np.eye(10)[0], (one.n_queries, 4, 1)),
            )
            for one in examples
        ]


def toy(seconds=0.0):
    table = ActorTable([Alias(actor, actor, AliasKind.NAME) for actor in ("Ardania", "Belmark")])
    return StanceClassifier(StoredModel(Shouting(seconds), DecisionRule(), {}), table)


def run(archive, out, resume=False, seconds=0.0, size=400):
    return classify_archive(
        sources([Path(archive)]), Path(out), toy(seconds), job={"of": "toys"}, resume=resume, part_characters=size
    )
