"""What is wrong with a set of labelled pictures: found, told and shown, and nothing changed.

Order of reading: `measures` (what is measured on the pixels), `examining` (every picture, once), `alike` (copies),
`finding` (what a finding is), `kinds` (one file for each family of findings, and the table of them), `labels` (wrong
labels from a recogniser's held-out probabilities), `cheap` (what can be said without decoding a picture).
"""

from striate.quality.checks import KINDS, findings
from striate.quality.finding import Case, Check, Finding
from striate.quality.label_errors import LabelDoubt, label_doubts, label_finding
from striate.quality.quick import cheap_findings
from striate.quality.scan import ScannedSource, examine

__all__ = ["Case", "LabelDoubt", "ScannedSource", "Finding", "KINDS", "Check", "cheap_findings", "examine", "findings",
           "label_doubts", "label_finding"]
