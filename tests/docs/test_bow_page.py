"""The examples of docs/bow.md and docs/networks.md are steps and a network."""

from pathlib import Path

import yaml

import striate
from striate.bow.stages import Stages, names_stages, stages_named
from tests.docs.pages import files, text_of


def test_the_example_is_steps(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(files(text_of("bow.md"))["mine.yaml"])
    assert names_stages(path)
    assert Stages.from_dict(stages_named(path).as_dict()).as_dict() == stages_named(path).as_dict()


def test_the_example_is_a_network() -> None:
    example = files(text_of("networks.md"))["net.yaml"]
    assert str(striate.Network.from_dict(yaml.safe_load(example)).output) == "10×1×1"
