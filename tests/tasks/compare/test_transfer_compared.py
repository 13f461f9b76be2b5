"""A transfer beside another recogniser: it is compared, timed, and its stages are told."""

from pathlib import Path

import numpy as np

from striate.tasks import Progress, RunFolder
from striate.tasks.compare.comparison import run_comparison
from striate.tasks.compare.plan import ComparisonPlan
from tests.convnet.pretrained.small import pictures


def test_transfer_is_compared(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", images=pictures(40)[0], labels=np.arange(40) % 2)
    asked = ComparisonPlan(str(tmp_path / "set.npz"), ("transfer", "knn"), seeds=1)
    facts = run_comparison(asked, RunFolder(tmp_path / "run"), Progress()).as_dict()
    rows = {row["name"]: row for row in facts["models"]}
    assert rows.keys() == {"transfer", "knn"}
    for row in rows.values():
        assert row["accuracy"] == 1
        assert 0 < row["features"] <= row["training"]
        assert row["macs"] > 3e8
        assert not row["hand_crafted"]
    assert "C = " in rows["transfer"]["how"]
    assert "vote" in rows["knn"]["how"]
