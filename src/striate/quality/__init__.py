"""Quality checks of a set of labelled pictures; nothing is changed.

Order of reading: `image_statistics` (measured on pixels), `scan` (every picture, once), `near_duplicates`,
`finding` (checks and findings), `checks` (one file a family, and the table of them), `label_errors` (wrong labels, from
held-out probabilities), `quick` (findings without decoding a picture).
"""

from striate.quality.checks import CHECKS, findings
from striate.quality.finding import Case, Check, Finding
from striate.quality.label_errors import LabelDoubt, label_doubts, label_finding
from striate.quality.quick import quick_findings
from striate.quality.scan import ScannedSource, scan_pictures

__all__ = ["CHECKS", "Case", "Check", "Finding", "LabelDoubt", "ScannedSource", "findings", "label_doubts",
           "label_finding", "quick_findings", "scan_pictures"]
