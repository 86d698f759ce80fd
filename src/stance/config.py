"""The settings of a training run; saved beside the models that it makes."""

from __future__ import annotations

from dataclasses import dataclass

from stance.codebook import StanceError
from stance.encoding import MAX_CONTEXT_TOKENS


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """How the transformer is fine-tuned. The defaults were chosen on the development reports (LOG.md)."""

    backbone: str = "all-MiniLM-L6-v2"  # the packaged encoder, or a Hugging Face id or folder
    n_epochs: int = 3
    batch_size: int = 16  # sentences
    learning_rate: float = 3e-4  # of the encoder, at its peak
    head_learning_rate: float = 2e-3  # of the layers on top, at its peak
    warmup_share: float = 0.1  # of the steps
    dropout: float = 0.2
    n_attention_heads: int = 4  # of the cross-attention on top; a divisor of the encoder's width
    n_head_units: int = 256
    issue_weight: float = 1.0  # of the issue loss against the label loss
    ngram_weight: float = 0.5  # of the n-gram model's logits, added to the network's
    max_context_tokens: int = MAX_CONTEXT_TOKENS  # of the parties carried over, the outlet and the sentence before
    n_frozen_layers: int = 2  # of the encoder, the lowest; a fifth less work and no worse (LOG.md)
    skipped_share: float = 0.6  # of the sentences of little loss, in every epoch but the last
    seed: int = 1

    def __post_init__(self) -> None:
        for name in (
            "n_epochs",
            "batch_size",
            "n_head_units",
            "n_attention_heads",
            "learning_rate",
            "head_learning_rate",
        ):
            if getattr(self, name) <= 0:
                raise StanceError(f"{name} is {getattr(self, name)}; it must be greater than 0")
        for name in ("warmup_share", "dropout", "skipped_share"):
            if not 0 <= getattr(self, name) < 1:
                raise StanceError(f"{name} is {getattr(self, name)}; it must be from 0 to below 1")
        for name in ("issue_weight", "ngram_weight", "max_context_tokens", "n_frozen_layers", "seed"):
            if getattr(self, name) < 0:
                raise StanceError(f"{name} is {getattr(self, name)}; it must not be negative")


@dataclass(frozen=True, slots=True)
class ProtocolConfig:
    """Which parts of the evaluation protocol a run goes through."""

    leave_one_seed_out: bool = True  # the smallest setting: train on four seeds, test on the fifth
    fold_epochs: int = 4  # of the transformer in that setting
    curve_shares: tuple[float, ...] = (0.028, 0.085)  # of the training reports, for the learning curve


FAST_PROTOCOL = ProtocolConfig(leave_one_seed_out=False, curve_shares=())
FAST_EPOCHS, FAST_FROZEN_LAYERS = 1, 4
FAST_SHARE = 0.6  # of the training reports
