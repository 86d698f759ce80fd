"""Who demands, concedes, rejects and sets preconditions in reports on a negotiation, and when that changed."""

from stance.classify import Classification, classify, classify_report
from stance.codebook import Issue, Label, StanceError

__all__ = ["Classification", "Issue", "Label", "StanceError", "classify", "classify_report"]
__version__ = "0.10.0"
