"""Ensembles of trials: taken where they are surely better than the chosen one, by a test for each try."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.ensemble.improvement import Improvement
from striate.model.recogniser import Recogniser
from striate.tasks.methods.auto import trial_ensemble
from striate.tasks.methods.auto.trial import Trial
from striate.tasks.methods.auto.trial_ensemble import sure_ensemble
from tests.bow.small import labels, pictures
from tests.ensemble.small import network, simulated, words

COUNT = 400
TRUTH = np.random.default_rng(0).integers(0, 2, COUNT)
WORDS = words().fit(pictures(), labels())
NOISE = np.random.default_rng(7).normal(size=(COUNT, 2))


def trial(name: str, seed: int, alike: float = 0.0, part: slice = slice(None), model: Recogniser = WORDS) -> Trial:
    """A full trial that is right for some 84 % of `part`; what is `alike` makes the same mistakes."""
    scores = simulated(TRUTH, 1.4, NOISE, alike, seed, classes=2)
    return Trial(name, model, True, np.arange(COUNT)[part], scores[part], COUNT, 1.0, 0.001)


def test_trials_with_other_mistakes_go_together_and_copies_do_not() -> None:
    best = trial("one", 1)
    found = sure_ensemble([best, trial("two", 2), trial("three", 3)], best, TRUTH, 0)
    assert found is not None
    assert found.improvement.points > 3
    assert set(found.model.members_) == {one.name for one in found.members}
    assert len(found.positions) == COUNT
    assert sure_ensemble([best, trial("copy", 1)], best, TRUTH, 0) is None
    assert sure_ensemble([best], best, TRUTH, 0) is None


def test_few_pictures_in_common_say_nothing_of_weights() -> None:
    best = trial("one", 1, part=slice(0, 49))
    assert sure_ensemble([best, trial("two", 2), trial("three", 3)], best, TRUTH, 0) is None


@pytest.mark.parametrize(("p_value", "validated", "taken"), [  # of a network on 299 pictures there is no second try
    (0.04, 0, True), (0.06, 0, False), (0.04, 300, False), (0.02, 300, True), (0.04, 299, True)])
def test_two_tries_have_a_test_that_is_twice_as_strict(p_value: float, validated: int, taken: bool,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_ensemble, "improvement", lambda *_: Improvement(2.0, p_value))
    best = trial("one", 1)
    trials = [best, trial("two", 2)]
    if validated:
        net: Any = network().fit(pictures(), labels())
        assert net.held_out_ is None
        trials.append(trial("net", 3, part=slice(0, validated), model=net))
    assert (sure_ensemble(trials, best, TRUTH, 0) is not None) is taken
