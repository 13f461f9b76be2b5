"""What is wrong with a set of labelled pictures: found, told and shown, and nothing changed.

Order of reading: `measures` (what is measured on the pixels), `examining` (every picture, once), `alike` (copies),
`finding` (what a finding is), `kinds` (one file for each family of findings, and the table of them), `labels` (wrong
labels from a recogniser's held-out probabilities), `cheap` (what can be said without decoding a picture).
"""

from striate.doctor.cheap import cheap_findings
from striate.doctor.examining import Examined, examine
from striate.doctor.finding import Case, Finding, Kind
from striate.doctor.kinds import KINDS, findings
from striate.doctor.labels import Doubt, label_doubts, label_finding

__all__ = ["Case", "Doubt", "Examined", "Finding", "KINDS", "Kind", "cheap_findings", "examine", "findings",
           "label_doubts", "label_finding"]
