"""`striate train`: a recogniser from a folder of pictures."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from striate.cli.evaluate import with_interval
from striate.cli.options import Json, Quiet, Strict, parse_size
from striate.cli.screen import Screen
from striate.errors import Interrupted

EXAMPLE = "Example: striate train pictures/ --minutes 5"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(train)


def train(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of class folders, or digits, fashion-mnist, mnist.")
    ],
    model: Annotated[
        str,
        typer.Option(help="A network by name (see inspect --list) or a YAML, prototxt or Keras JSON file; or visual "
                     "words by name (bow, bow-knn, bow-fisher) or a YAML file of stages.")
    ] = "compact",
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training pictures. [default: by their number]")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Train for about this long instead.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of split, weights, order and augmentation. [default: 0]")] = None,
    split: Annotated[str | None, typer.Option(help="A split.json to use.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run. [default: runs/DATA-MODEL]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    size: Annotated[str | None, typer.Option(help="Picture size, 64 or 48,64. [default: from model and data]")] = None,
    resize: Annotated[str, typer.Option(help="How pictures are fitted: squash, crop or pad.")] = "squash",
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings of the training in YAML, as striate convert makes of "
                                  "a Caffe solver; options given beside it count more.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures per step.")] = None,
    optimiser: Annotated[str | None, typer.Option(help="adamw or sgd.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    flip: Annotated[
        bool | None, typer.Option("--flip/--no-flip", help="Learn from mirror images too. [default: by the classes]")
    ] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.")] = None,
    checkpoint_seconds: Annotated[float, typer.Option(help="Save the state this often.")] = 20.0,
    allow_empty_class: Annotated[
        bool, typer.Option("--allow-empty-class", help="Keep classes without pictures.")
    ] = False,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recogniser; writes the model, a report and all that is needed to repeat it."""
    parsed = parse_size(size)
    from striate.run import RunFolder, Settings, Watch, train_model
    from striate.run.settings import recipe_of

    options: dict[str, Any] = {
        "epochs": epochs, "minutes": minutes, "seed": seed, "batch_size": batch_size, "optimiser": optimiser,
        "learning_rate": learning_rate, "flip": flip, "precision": precision,
    }
    given = {name: value for name, value in options.items() if value is not None}
    written = recipe_of(recipe) if recipe else {}
    budgets = ("epochs", "minutes", "steps")
    if any(name in given for name in budgets):  # one budget takes the place of another
        written = {name: value for name, value in written.items() if name not in budgets}
    settings = Settings(data, model, split, parsed, resize, strict, allow_empty_class, written | given,
                        shlex.join(["striate", *sys.argv[1:]]))
    screen = Screen(quiet=quiet, as_json=as_json)
    if resume:
        folder = RunFolder.unfinished(out, data, model)
        settings = Settings.load(folder.recipe).resumed(settings)
    else:
        folder = RunFolder.fresh(out, data, model)
    watch = Watch(screen.say, screen.stage, screen.step, interruptible, checkpoint_seconds)
    try:
        facts = train_model(settings, folder, watch, resume=resume)
    except Interrupted as error:
        error.do = f"Go on with: {shlex.join(['striate', 'train', data, '--out', str(folder.path), '--resume'])}"
        raise
    finally:
        screen.close()
    screen.answer(facts, summary(facts))


def summary(facts: dict[str, Any]) -> str:
    """What people read at the end."""
    test, validation = facts["test"], facts["validation"]
    how = "by cross-validation" if facts["cross_validated"] else f"{len(facts['history'])} epochs"
    return (
        f"test accuracy {with_interval(test['accuracy'], test['interval'])}, {test['count']:,} pictures\n"
        f"validation    {with_interval(validation['accuracy'], validation['interval'])}, "
        f"{validation['count']:,} pictures; {how}, {facts['seconds']:.0f} s\n"
        f"report  {facts['report']}\n"
        f"model   {facts['model']}\n"
        f"next    striate predict {shlex.quote(facts['model'])} PICTURE"
    )


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C or SIGTERM asks the run to save and stop; the second one ends it at once."""
    stop = threading.Event()

    def handle(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
