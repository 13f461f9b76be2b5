"""Model selections to report on: an ensemble, one candidate alone, candidates that were not tried or failed."""

from striate.report.selection_result import CandidateResult, SelectionResult
from striate.stats.metrics import wilson

PICTURES = 1_500


def candidate(name: str, outcome: str, why: str, right: int | None = None, **more: object) -> CandidateResult:
    """A candidate of which `right` of the pictures were right."""
    measured = {} if right is None else {"accuracy": right / PICTURES, "interval": wilson(right, PICTURES),
                                         "count": PICTURES, "trained_on": PICTURES}
    return CandidateResult(name=name, outcome=outcome, why=why, **measured | more)  # type: ignore[arg-type]


ENSEMBLE = SelectionResult(
    chosen="ensemble", p_value=0.0031, basis="1,500 pictures by cross-validation", budget_seconds=60, proposed=True,
    why="The average of transfer and bow is better than transfer alone by 1.4 points (p = 0.003).",
    outlook="More time is not likely to help: finetune would need about 20 minutes to be as good.",
    weights=(("transfer", 0.68), ("bow", 0.32)),
    candidates=(
        candidate("transfer", "member", "the best of its own", 1389, seconds=14.2, predict_seconds=0.0031),
        candidate("knn", "beaten", "surely worse than transfer, on the same features", 1301, seconds=0.9,
                  predict_seconds=0.0030),
        candidate("bow", "member", "errs on other pictures than transfer", 1190, seconds=18.6, predict_seconds=0.041),
        candidate("compact", "dropped", "at 750 pictures it was right for 51 %, and was expected to reach 66 % at most",
                  765, trained_on=750, seconds=11.0, expected=0.61, expected_interval=(0.55, 0.66)),
        candidate("ensemble", "chosen", "surely better than its best member", 1410, seconds=0.4,
                  predict_seconds=0.044),
        candidate("finetune", "failed", "its loss diverged"),
        candidate("bow-fisher", "not tried", "it takes about 2 minutes; 48 seconds were left"),
    ))
ALONE = SelectionResult(
    chosen="compact", why="Only compact can be trained in the 30 seconds that were given.", proposed=False,
    basis="180 validation pictures", budget_seconds=30,
    candidates=(CandidateResult(name="compact", outcome="chosen", why="<b>nothing</b> else fits the time",
                                seconds=28.4),))
SURE = SelectionResult(
    chosen="compact", basis="2,000 validation pictures", budget_seconds=300, proposed=True,
    why="compact is better than transfer by 17.1 points.", outlook="About 0.4 points more in twice the time.",
    candidates=(candidate("transfer", "beaten", "surely worse than compact", 1180, seconds=40.0),
                candidate("compact", "chosen", "the best", 1437, seconds=231.0)))
SELECTIONS = {"ensemble": ENSEMBLE, "alone": ALONE, "sure": SURE}
