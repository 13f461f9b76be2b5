"""How many examples a Hypothesis test takes: a quarter in the `fast` profile, all of them in the `full` one.

`pytest --hypothesis-profile=full` takes them all, and so does the slow suite, `pytest -m slow`: nothing is left out,
only put off. A failure prints how to repeat it (`@reproduce_failure`, and `--hypothesis-seed` where it helps).
"""

from typing import Any

from hypothesis import settings

FULL = 100  # examples of a test that does not say how many

settings.register_profile("full", max_examples=FULL, deadline=None, print_blob=True)
settings.register_profile("fast", max_examples=FULL // 4, deadline=None, print_blob=True)
settings.load_profile("fast")


def examples(count: int, **more: Any) -> settings:
    """Settings of a test that takes `count` examples in the full profile."""
    return settings(max_examples=count * settings().max_examples // FULL, deadline=None, **more)
