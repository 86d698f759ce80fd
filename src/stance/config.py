"""The settings of a training run; saved beside the models that it makes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """How the transformer is fine-tuned. The defaults were chosen on the development reports (LOG.md)."""

    backbone: str = "all-MiniLM-L6-v2"  # the packaged encoder, or a Hugging Face id or folder
    n_epochs: int = 4
    batch_size: int = 16  # sentences
    learning_rate: float = 2e-4  # of the encoder, at its peak
    head_learning_rate: float = 2e-3  # of the layers on top, at its peak
    warmup_share: float = 0.1  # of the steps
    dropout: float = 0.1
    n_head_units: int = 256
    issue_weight: float = 0.3  # of the issue loss against the label loss
    max_context_tokens: int = 24  # of the sentence before
    seed: int = 1


@dataclass(frozen=True, slots=True)
class ProtocolConfig:
    """Which parts of the evaluation protocol a run goes through."""

    refit: bool = True  # train the released model on the development reports and the seeds as well
    leave_one_seed_out: bool = True  # the smallest setting: train on four seeds, test on the fifth
    fold_epochs: int = 8  # of the transformer in that setting, where an epoch is short
    curve_shares: tuple[float, ...] = (0.125, 0.25, 0.5)  # of the training reports, for the learning curve


FAST_PROTOCOL = ProtocolConfig(refit=False, leave_one_seed_out=False, curve_shares=())
FAST_EPOCHS = 2
