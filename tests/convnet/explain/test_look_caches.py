"""Caches of looks at many pictures: changed for the source that computes them, and for no sentence elsewhere."""

from pathlib import Path

import pytest

from striate.convnet.explain import embedding, probe, top_activations
from striate.core.cache import code_digest
from tests.changed_source import changed

FILES = {
    "strongest": (top_activations.CODE, "convnet/explain/top_activations.py"),
    "embedding": (embedding.CODE, "convnet/transfer.py"),
    "embedding's own": (embedding.CODE, "convnet/explain/embedding.py"),
    "probe": (probe.CODE, "convnet/explain/layer_features.py"),
    "probe's layers": (probe.CODE, "convnet/build/operations.py"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_what_computes_it_makes_another_key(name: str, package: Path) -> None:
    places, file = FILES[name]
    before = code_digest(places, ())
    changed(package / file)
    assert code_digest(places, ()) != before


@pytest.mark.parametrize("file", ["filters", "sanity", "strongest", "occlusion", "methods"])
def test_a_change_of_another_method_does_not(file: str, package: Path) -> None:
    digests = [code_digest(places, ()) for places, _ in FILES.values()]
    changed(package / "convnet/explain" / f"{file}.py")
    assert [code_digest(places, ()) for places, _ in FILES.values()] == digests
