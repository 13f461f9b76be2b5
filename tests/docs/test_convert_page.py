"""docs/convert.md is what the program reads and writes: its commands run, it lists every format."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import striate
from striate.arch.formats.caffe import write_caffe, write_caffemodel
from striate.arch.formats.dialects import DIALECTS
from striate.cli.main import application
from striate.convnet.recipe.recipe import Recipe
from tests.docs.pages import blocks, text_of

PAGE = text_of("convert.md")
SOLVER = 'base_lr: 0.01 lr_policy: "step" gamma: 0.1 stepsize: 100 max_iter: 300 momentum: 0.9'


def test_what_the_page_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    network = striate.load_network("lenet_caffe")
    Path("deploy.prototxt").write_text(write_caffe(network))
    Path("solver.prototxt").write_text(SOLVER)
    zeros = {name: np.zeros(tensor.shape, np.float32) for name, tensor in network.tensors.items()}
    Path("net.caffemodel").write_bytes(write_caffemodel(network, zeros))
    lines = re.findall(r"^striate (convert .*?) *(?:#.*)?$", PAGE, flags=re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        done = CliRunner().invoke(application(), line.split())
        assert done.exit_code == 0, f"{line}: {done.exception}"
    assert Recipe.from_dict(yaml.safe_load(Path("recipe.yaml").read_text())).rate_at(150) == pytest.approx(0.001)
    examples = blocks(PAGE, "python")
    assert len(examples) == 2
    for example in examples:
        exec(example, {})


def test_the_page_lists_every_format() -> None:
    for dialect in DIALECTS.values():
        assert all(f"`{suffix}`" in PAGE for suffix in (*dialect.reads, *dialect.writes))
    assert all(f"`{name}`" in PAGE for name in ("caffe", "caffe-train", "--to keras"))
