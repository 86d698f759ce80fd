"""The fine-tuned encoder, its export and the runtime, on a tiny random backbone that the tests make."""

import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("onnx")

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from stance import export
from stance.actors import ActorTable, Alias, AliasKind, build_examples
from stance.artefacts import load_model
from stance.codebook import ISSUES, LABELS, Candidate, Example, Issue, Label, Source, Stance, StanceError
from stance.config import TransformerConfig
from stance.dataset import LabelledExample, Register, targets
from stance.encoding import pad
from stance.export import export_onnx
from stance.labels import LabelledSentence
from stance.predictions import DecisionRule
from stance.protocol import Contender, Data
from stance.release import TRANSFORMER, stage
from stance.runtime import MODEL_FILE, OnnxClassifier
from stance.sampling import EasySkipper
from stance.transformer import Transformer, backbone_folder

TABLE = ActorTable([Alias(actor, actor, AliasKind.NAME) for actor in ("Ardania", "Belmark", "Corvia")])
VERBS = {
    Label.DEMAND: "demanded",
    Label.CONCESSION: "offered",
    Label.REJECTION: "rejected",
    Label.PRECONDITION: "required first",
}
THINGS = {Issue.TERRITORY: "a withdrawal", Issue.ECONOMY: "a tariff cut"}
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "ardania", "belmark", "corvia", "demanded", "offered", "rejected",
         "required", "first", "a", "withdrawal", "tariff", "cut", "from", "met", "on", "monday", "friday", ",", "said",
         ".", ";", "it", "rained", "he")  # fmt: skip


def word_tokenizer(words):
    """A lower-casing WordPiece tokenizer that knows ``words``."""
    tokenizer = Tokenizer(models.WordPiece({word: number for number, word in enumerate(words)}, unk_token=words[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def write_backbone(folder, words=WORDS):
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(folder)
    word_tokenizer(words).save(str(folder / "tokenizer.json"))
    return folder


def logits(probabilities):
    return np.log(probabilities / (1 - probabilities))


def example(*sentences):
    """The example of the last of the sentences."""
    return build_examples(sentences, TABLE)[-1]


def labelled(text, *stances):
    return LabelledExample(LabelledSentence("r1", 1, None, "delta", text, Source.AUTHORED, stances), example(text))


def toy_items():
    """A rule to learn: the party before the verb holds the verb's label."""
    pairs = [(a, b) for a in ("Ardania", "Belmark", "Corvia") for b in ("Ardania", "Belmark", "Corvia") if a != b]
    held = [
        labelled(f"{actor} {verb} {thing} from {other}.", Stance(actor, label, issue))
        for actor, other in pairs
        for label, verb in VERBS.items()
        for issue, thing in THINGS.items()
    ]
    return held + [labelled(f"{actor} met {other} on {day}.") for actor, other in pairs for day in ("Monday", "Friday")]


def fit(model, items):
    return model.fit([item.example for item in items], [targets(item) for item in items])


def largest_difference(first, second):
    """Over all probabilities of two lists of answers."""
    return max(
        float(np.abs(np.asarray(one[part]) - np.asarray(other[part])).max())
        for one, other in zip(first, second, strict=True)
        for part in (0, 1)
    )


ASKED = [
    example("Belmark rejected a tariff cut from Ardania."),
    example("It rained."),
    example("Ardania met Belmark on Monday.", "He rejected a withdrawal from Corvia."),
    example("Ardania , Belmark , Corvia met on Friday ; it rained ; Ardania demanded a tariff cut from Corvia."),
    example(""),
    example("unknown words: ö 🏳️"),
    build_examples(["He rejected a tariff cut from Ardania."], TABLE, outlet="Belmark News")[0],
    example("Ardania"),
    example(f"{'it rained ; ' * 50} Ardania met Belmark .", "Corvia rejected a tariff cut."),
]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Toy matrices gain nothing from threads, and lose much where other work keeps the processor busy."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


# int8: activations get one scale for the whole batch
BOUNDS = [("model", 1e-5), ("fp32", 1e-5), ("int8", 0.1)]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return write_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(scope="module")
def config(backbone):
    return TransformerConfig(
        backbone=str(backbone),
        n_epochs=60,
        n_head_units=32,
        learning_rate=2e-3,
        head_learning_rate=5e-3,
        dropout=0.05,
        issue_weight=1.0,
        max_context_tokens=6,
        n_frozen_layers=0,
    )


@pytest.fixture(scope="module")
def quick(config):
    """For tests in which nothing needs to be learnt well."""
    return replace(config, n_epochs=1)


@pytest.fixture(scope="module")
def items():
    return toy_items()


@pytest.fixture(scope="module")
def model(config, items):
    return fit(Transformer(config), items)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    """The folders of the fp32 and the int8 export."""
    folder = tmp_path_factory.mktemp("exported")
    export_onnx(model, folder / "fp32", ASKED, in_integers=False)
    export_onnx(model, folder / "int8", ASKED)
    return folder


@pytest.fixture(scope="module")
def fp32(exported):
    return OnnxClassifier.load(exported / "fp32")


@pytest.fixture(scope="module")
def int8(exported):
    return OnnxClassifier.load(exported / "int8")


@pytest.mark.parametrize("label", LABELS)
def test_it_learns_which_verb_makes_which_label(model, label):
    [found] = model.predict_proba([example(f"Corvia {VERBS[label]} a tariff cut from Belmark.")])
    assert (found.labels[0] > 0.5).tolist() == [other is label for other in LABELS]


@pytest.mark.parametrize(("actor", "other"), [("Belmark", "Ardania"), ("Ardania", "Belmark")])
def test_it_learns_that_the_party_before_the_verb_is_the_holder(model, actor, other):
    [found] = model.predict_proba([example(f"{actor} rejected a withdrawal from {other}.")])
    rejection = found.labels[:, LABELS.index(Label.REJECTION)]
    assert rejection[1] > 0.5 > rejection[2]


def test_it_learns_the_issue_of_a_label(model):
    [found] = model.predict_proba([example("Belmark rejected a tariff cut from Ardania.")])
    assert ISSUES[int(found.issues[1, LABELS.index(Label.REJECTION)].argmax())] is Issue.ECONOMY


def test_it_learns_that_a_meeting_is_no_stance(model):
    [found] = model.predict_proba([example("Ardania met Corvia on Friday.")])
    assert (found.labels < 0.5).all()


def test_the_answers_are_probabilities_with_a_row_for_each_query(model):
    for asked, found in zip(ASKED, model.predict_proba(ASKED), strict=True):
        assert found.labels.shape == (asked.n_queries, len(LABELS))
        assert found.issues.shape == (asked.n_queries, len(LABELS), len(ISSUES))
        assert ((found.labels >= 0) & (found.labels <= 1)).all()
        assert found.issues.sum(axis=2) == pytest.approx(1, abs=1e-5)


def test_asked_nothing_it_answers_nothing(model, fp32):
    assert model.predict_proba([]) == []
    assert fp32.predict_proba([]) == []


def test_the_same_seed_gives_the_same_model(quick, items):
    first, second = (fit(Transformer(quick), items).predict_proba(ASKED) for _ in range(2))
    assert largest_difference(first, second) == 0


def test_another_seed_gives_another_model(quick, items):
    first, second = (fit(Transformer(replace(quick, seed=seed)), items).predict_proba(ASKED) for seed in (1, 2))
    assert largest_difference(first, second) > 1e-3


def test_what_was_drawn_before_does_not_reach_the_training(quick, items):
    first = fit(Transformer(quick), items).predict_proba(ASKED)
    torch.rand(3)
    random.random()  # noqa: S311 - no secret
    assert largest_difference(first, fit(Transformer(quick), items).predict_proba(ASKED)) == 0


def test_fitting_a_model_again_begins_anew(quick, items):
    model = fit(Transformer(quick), items)
    first = model.predict_proba(ASKED)
    assert largest_difference(first, fit(model, items).predict_proba(ASKED)) == 0


def test_easy_sentences_are_skipped_from_the_first_epoch_on(quick, items, monkeypatch):
    drawn = []

    class Noting(EasySkipper):
        def draw(self, epoch):
            drawn.append(super().draw(epoch))
            return drawn[-1]

    monkeypatch.setattr("stance.transformer.EasySkipper", Noting)
    fit(Transformer(replace(quick, n_epochs=3, skipped_share=0.5)), items)
    assert len(drawn[0]) < len(items) > len(drawn[1])
    assert len(drawn[2]) == len(items)


def test_more_frozen_layers_than_the_backbone_has_are_refused(quick):
    with pytest.raises(StanceError, match="n_frozen_layers is 3; it must be from 0 to the 2 layers"):
        Transformer(replace(quick, n_frozen_layers=3))


def test_with_all_layers_frozen_the_head_still_learns(quick, items):
    model = Transformer(replace(quick, n_frozen_layers=2, ngram_weight=0))
    before = model.predict_proba(ASKED)
    assert largest_difference(before, fit(model, items).predict_proba(ASKED)) > 1e-3


def test_the_words_answer_beside_the_encoder_with_their_weight(quick, items):
    with_words, without = (fit(Transformer(replace(quick, ngram_weight=weight)), items) for weight in (2.0, 0.0))
    assert with_words.network.ngrams.table.any()
    assert not without.network.ngrams.table.any()
    both, encoder_alone = (logits(model.predict_proba(ASKED)[0].labels) for model in (with_words, without))
    inputs = {name: torch.from_numpy(array) for name, array in pad(with_words.encoder.encode(ASKED[:1])).items()}
    assert both - encoder_alone == pytest.approx(2 * with_words.network.ngrams(**inputs)[0].numpy(), abs=1e-4)


def test_the_embeddings_and_the_lowest_layers_stay_as_they_are(quick, items):
    model = Transformer(replace(quick, n_frozen_layers=1))
    before = {name: weights.clone() for name, weights in model.network.encoder.state_dict().items()}
    fit(model, items)
    after = model.network.encoder.state_dict()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed == {name for name in after if name.startswith("encoder.layer.1.")}


@pytest.mark.parametrize(("classifier", "bound"), BOUNDS)
def test_an_answer_does_not_depend_on_the_sentences_of_its_batch(classifier, bound, request):
    classifier = request.getfixturevalue(classifier)
    together = classifier.predict_proba(ASKED)
    alone = [classifier.predict_proba([asked])[0] for asked in ASKED]
    backwards = classifier.predict_proba(ASKED[::-1])[::-1]
    assert largest_difference(together, alone) < bound
    assert largest_difference(together, backwards) < bound


@pytest.mark.parametrize(("classifier", "bound"), BOUNDS)
def test_an_answer_does_not_depend_on_the_other_candidates(classifier, bound, request):
    classifier = request.getfixturevalue(classifier)
    asked = example("Ardania , Belmark , Corvia met on Friday.")
    only_last = replace(asked, candidates=asked.candidates[-1:])
    many, one = classifier.predict_proba([asked])[0], classifier.predict_proba([only_last])[0]
    assert np.abs(many.labels[[0, 3]] - one.labels).max() < bound
    assert np.abs(many.issues[[0, 3]] - one.issues).max() < bound


def test_carried_parties_are_told_apart_by_their_words_in_the_context(quick, items):
    carried = (Candidate("Belmark", (), ((0, 7),)), Candidate("Ardania", (), ((17, 24),)))
    asked = Example("He met Corvia.", "Belmark rejected Ardania.", carried)
    unplaced = replace(asked, candidates=(Candidate("Belmark"), Candidate("Ardania")))
    model = fit(Transformer(quick), items)
    told, alike = (model.predict_proba([one])[0].labels for one in (asked, unplaced))
    assert np.abs(told[1] - told[2]).max() > 1e-3
    assert np.abs(alike[1] - alike[2]).max() < 1e-6


def test_a_checkpoint_answers_as_before(model, tmp_path):
    model.save(tmp_path / "checkpoint")
    loaded = Transformer.load(tmp_path / "checkpoint")
    assert largest_difference(model.predict_proba(ASKED), loaded.predict_proba(ASKED)) == 0
    assert loaded.config == model.config


def test_a_checkpoint_holds_no_pickle(model, tmp_path):
    model.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "config.json",
        "model.safetensors",
        "settings.json",
        "tokenizer.json",
    ]


def test_a_checkpoint_can_be_read_where_the_backbone_is_gone(tmp_path, quick):
    backbone = shutil.copytree(quick.backbone, tmp_path / "backbone")
    model = Transformer(replace(quick, backbone=str(backbone)))
    model.save(tmp_path / "checkpoint")
    shutil.rmtree(backbone)
    loaded = Transformer.load(tmp_path / "checkpoint")
    assert largest_difference(model.predict_proba(ASKED), loaded.predict_proba(ASKED)) == 0


def test_a_checkpoint_of_another_network_is_refused(tmp_path, quick):
    model = Transformer(quick)
    model.save(tmp_path)
    weights = {name: value for name, value in model.network.state_dict().items() if name != "ngrams.table"}
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(StanceError, match=r"another version of the network .*ngrams\.table"):
        Transformer.load(tmp_path)


def test_a_backbone_without_a_fast_tokenizer_is_refused(tmp_path, quick):
    with pytest.raises(StanceError, match=r"no tokenizer\.json; the backbone must have a fast tokenizer"):
        Transformer(replace(quick, backbone=str(tmp_path)))


def test_a_backbone_with_a_tokenizer_of_another_kind_is_refused(tmp_path, quick):
    write_backbone(tmp_path, ("<pad>", "<unk>", "<s>", "</s>", *WORDS[4:]))
    with pytest.raises(StanceError, match=r"tokenizer\.json"):
        Transformer(replace(quick, backbone=str(tmp_path))).predict_proba(ASKED)


def test_a_backbone_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StanceError, match="no such folder"):
        backbone_folder(str(tmp_path / "absent"))


def test_a_changed_packaged_backbone_is_refused(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").write_bytes(b"changed")
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(StanceError, match=r"model\.safetensors has SHA-256 [0-9a-f]{64}; it must be 53aa5117"):
        backbone_folder("all-MiniLM-L6-v2")


def test_the_export_answers_as_the_network(model, fp32):
    assert largest_difference(model.predict_proba(ASKED), fp32.predict_proba(ASKED)) < 1e-4


def test_the_int8_export_answers_nearly_as_the_network(model, int8):
    assert largest_difference(model.predict_proba(ASKED), int8.predict_proba(ASKED)) < 0.15


def test_the_int8_export_is_smaller(exported):
    sizes = [(exported / kind / MODEL_FILE).stat().st_size for kind in ("int8", "fp32")]
    assert sizes[0] < sizes[1]


def test_an_export_is_the_model_and_its_tokenizer(exported):
    for kind in ("fp32", "int8"):
        assert sorted(path.name for path in (exported / kind).iterdir()) == [MODEL_FILE, "tokenizer.json"]


def test_the_runtime_reads_as_much_context_as_the_network_did(model, fp32):
    """Six tokens: a word behind them is out of sight."""
    befores = ("Belmark met Corvia on Monday ; it rained.", "Belmark met Corvia on Monday ; it said.",
               "Ardania met Corvia on Monday ; it said.")  # fmt: skip
    asked = [Example("He rejected a withdrawal.", before) for before in befores]
    answers = fp32.predict_proba(asked)
    assert largest_difference(answers, model.predict_proba(asked)) < 1e-4
    assert largest_difference(answers[:1], answers[1:2]) < 1e-6 < largest_difference(answers[1:2], answers[2:])


def test_an_int8_answer_does_not_depend_on_the_sentences_beside_it(int8):
    together = int8.predict_proba(ASKED)
    alone = [answer for asked in ASKED for answer in int8.predict_proba([asked])]
    assert largest_difference(together, alone) < 1e-5


def test_a_graph_that_answers_otherwise_than_the_network_is_not_stored(model, tmp_path, monkeypatch):
    shape = export._shape(model)
    monkeypatch.setattr(export, "_shape", lambda _: replace(shape, layer_norm_epsilon=1.0))
    with pytest.raises(StanceError, match=r"the ONNX graph answers 0\.\d+ off the network; at most 0\.001 is allowed"):
        export_onnx(model, tmp_path, ASKED)
    assert not (tmp_path / MODEL_FILE).exists()


def test_a_backbone_of_another_kind_is_refused_before_training(tmp_path, config):
    write_backbone(tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(settings | {"hidden_act": "relu"}), encoding="utf-8")
    with pytest.raises(
        StanceError, match=r"of type 'bert' with activation 'relu'; it must be of type 'bert' with 'gelu'"
    ):
        Transformer(replace(config, backbone=str(tmp_path)))


def test_the_settings_of_a_checkpoint_are_readable(quick, tmp_path):
    Transformer(quick).save(tmp_path)
    saved = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert (saved["n_epochs"], saved["seed"]) == (1, quick.seed)


@pytest.fixture(scope="module")
def released(model, items, tmp_path_factory):
    """The folder of the int8 model, released with the toy sentences as development reports and frozen test."""
    folder = tmp_path_factory.mktemp("released")
    contender = Contender(TRANSFORMER, lambda small: model, released=model, rule=DecisionRule())
    later = [replace(item, sentence=replace(item.sentence, conflict="isthmus")) for item in items[:9]]
    wrong = labelled("Ardania demanded a withdrawal from Corvia.", Stance("Corvia", Label.REJECTION, Issue.TERRITORY))
    data = Data(items, [*items, wrong], [*items, *later], items, "toy", {"r1": Register.WIRE})
    stage(contender, data, {"backbone": "toy"}, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint", "transformer"]
    return folder / "transformer"


def test_a_released_model_knows_its_errors_on_the_development_reports(released, items):
    stored = load_model(released)
    counts = np.array(stored.errors.labels.counts)
    assert counts.sum() == 2 * len(items) + 2
    assert counts[0, 1 + LABELS.index(Label.DEMAND)] >= 1  # the sentence that was labelled wrongly
    assert np.diag(counts).sum() > 0.9 * counts.sum()


def test_the_card_of_a_released_model_tells_conflicts_registers_calibration_and_failures(released, items):
    card = (released / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| isthmus (never trained on) | 1 | 9 | 9 | " in card
    assert "| all conflicts trained on |" in card
    assert f"| wire | 1 | {len(items) + 9} | " in card
    assert "| opinion |" not in card
    assert "probability   decisions   holds" in card
    assert "| Ardania demanded a withdrawal from Corvia. | rejection | demand |" in card
