"""docs/words.md is what the stages are: its example trains, its table is theirs."""

import inspect
from pathlib import Path

import pytest
import yaml

from striate.bow.stages import ESTIMATORS, PRESETS, RUN_ONLY, Stages, described, names_stages, stages_named

PAGE = Path(__file__).parents[1] / "docs" / "words.md"
EXAMPLE = """sift: {bin_sizes: [4, 6], step: 4}
encoder: {hard: {words: 400}}
pyramid: {grids: [[1, 1], [2, 2], [4, 4]], weights: lazebnik}
classifier: {kernel_svm: {kernel: intersection}}
"""
OPENING = f"""# Visual words

The hand-crafted half: a picture is described by gradients (dense SIFT), its descriptors are replaced by the visual
words they are nearest to, the words are counted in the cells of a pyramid, and a classifier compares the counts. The
same command trains it, on the same split as a network:

```
striate train pictures/ --model bow          # words and an SVM
striate train pictures/ --model bow-knn      # words and nearest neighbours
striate train pictures/ --model bow-fisher   # Fisher vectors and an SVM
striate look runs/pictures-bow/model.safetensors --picture photo.jpg
```

`look` writes a page: what the words look like, where in the picture they are, and what spoke for and against the
answer.

One's own choice is a YAML file of up to four stages, given by `--model FILE`; a stage left out is that of `bow`. The
2006 paper's setting, nearly:

```yaml
{EXAMPLE}```

Nothing is trained by epochs, so training and validation part are learnt from together; what is chosen (C, or the number
of neighbours) is chosen by cross-validation, which also calibrates the probabilities and gives the report its
validation figure. For up to 10,000 pictures the mirror images are learnt from too, unless classes are single letters
or digits (`--flip`, `--no-flip`); an image and its mirror image are held out together. Pictures that share one size up
to 64 pixels keep it and are enlarged inside; others are brought to 256×256 (`--size`).

Each stage is kept in the cache under the hash of all that it depends on: another classifier computes no descriptor
again, and a run that was stopped goes on with the stage it was in. The cache holds 8 GiB of stages at most. Descriptors
are streamed; the features of all training pictures, pictures × cells × numbers of a cell × 4 bytes, are mapped from
the cache. The model file holds small patches (16×16) of training pictures, which show what the words look like.

In Python the stages are scikit-learn estimators, and so is the whole; `GridSearchCV` reaches into them by names such as
`encoder__words` when they are given:

```python
from striate import BagOfWords, load_data
model = BagOfWords("bow-fisher", memory="stages/").fit(load_data("digits").train)
```

| stage | kind | settings, with their defaults | what it is |
|---|---|---|---|
"""


def page() -> str:
    rows = []
    for stage, kinds in ESTIMATORS.items():
        for name, kind in kinds.items():
            settings = [f"`{parameter.name}={parameter.default}`" for parameter in
                        inspect.signature(kind).parameters.values() if parameter.name not in RUN_ONLY]
            said = (kind.__doc__ or "").splitlines()[0].rstrip(".")
            rows.append(f"| {stage} | `{name}` | {', '.join(settings)} | {said} |\n")
    chosen = "".join(f"`{name}`{', for small pictures' * small}:\n\n```yaml\n{told(stages(small))}```\n\n"
                     for name, stages in PRESETS.items() for small in (False, True))
    return (f"{OPENING}{''.join(rows)}\nBy name, where they differ from these defaults (pictures are small under 128 "
            f"pixels on the short side):\n\n{chosen}").rstrip() + "\n"


def told(stages: Stages) -> str:
    """The stages as YAML, defaults left out."""
    found = {}
    for stage, values in stages.as_dict().items():
        name, settings = (stage, values) if len(ESTIMATORS[stage]) == 1 else next(iter(values.items()))
        usual = described(stage, ESTIMATORS[stage][name]())
        usual = usual if len(ESTIMATORS[stage]) == 1 else usual[name]
        own = {key: value for key, value in settings.items() if value != usual[key]}
        found[stage] = own if len(ESTIMATORS[stage]) == 1 else {name: own}
    return str(yaml.safe_dump(found, sort_keys=False, default_flow_style=None))


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--golden"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_example_is_stages(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(EXAMPLE)
    assert names_stages(path)
    assert Stages.from_dict(stages_named(path).as_dict()).as_dict() == stages_named(path).as_dict()
