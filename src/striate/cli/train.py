"""`striate train`: training of a recogniser on a folder of pictures."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from striate.cli import tune
from striate.cli.evaluate import with_interval
from striate.cli.interruptible import interruptible
from striate.cli.options import Files, Json, Quiet, Strict, parse_size
from striate.cli.screen import Screen
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.recipe_field import option_help

if TYPE_CHECKING:
    from striate.report.train_result import TrainResult
    from striate.stats.metrics import Evaluation

EXAMPLE = "Example: striate train pictures/ --minutes 5"
FEWER = 0.8  # of the pictures, whose accuracy is said beside that of all


def recipe_option(name: str, *flags: str) -> Any:
    """The option that sets the field `name` of a recipe, whose help text is the field's."""
    return typer.Option(*flags, help=option_help(Recipe, name))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(train)


def train(
    context: typer.Context,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of class folders, or digits, fashion-mnist, mnist.")
    ],
    model: Annotated[
        str | None,
        typer.Option(help="auto: the best of these for the pictures and the time, or several of them together, "
                     "selected on validation. A network by name (see inspect --list) or a YAML, prototxt or Keras "
                     "JSON file; bow, bow-knn, bow-fisher, bow-fisher-quick or a YAML file of stages: a bag of visual "
                     "words; transfer: a linear classifier on pretrained features; knn: nearest neighbours on them; "
                     "finetune: continue training all layers of a pretrained network. [default: auto]")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Pretrained weights: efficientnet_lite0, 1 or 2, a file, or hf:OWNER/NAME. "
                                 "Without --model it is finetune. [default: efficientnet_lite0]")
    ] = None,
    network: Annotated[
        str | None, typer.Option(help="Network of the weights, by name or file. [default: the one they fit]")
    ] = None,
    single: Annotated[bool, typer.Option("--single", help="Of auto: one recogniser, no ensemble.")] = False,
    epochs: Annotated[int | None, recipe_option("epochs")] = None,
    minutes: Annotated[float | None, recipe_option("minutes")] = None,
    seed: Annotated[int | None, recipe_option("seed")] = None,
    split: Annotated[str | None, typer.Option(help="A split.json to use.")] = None,
    files: Files = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run. [default: runs/DATA-MODEL]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume a run that was stopped.")] = False,
    size: Annotated[str | None, typer.Option(help="Picture size, 64 or 48,64. [default: from model and data]")] = None,
    resize: Annotated[
        str, typer.Option(help="How pictures of another shape are resized: squash, crop or pad.")
    ] = "squash",
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Recipe in YAML, for example a converted Caffe solver; options "
                                  "take precedence.")
    ] = None,
    batch_size: Annotated[int | None, recipe_option("batch_size")] = None,
    optimiser: Annotated[str | None, recipe_option("optimiser")] = None,
    learning_rate: Annotated[float | None, recipe_option("learning_rate")] = None,
    schedule: Annotated[str | None, recipe_option("schedule")] = None,
    balance: Annotated[bool | None, recipe_option("balance", "--balance/--no-balance")] = None,
    flip: Annotated[bool | None, recipe_option("flip", "--flip/--no-flip")] = None,
    cutout: Annotated[float | None, recipe_option("cutout")] = None,
    mixup: Annotated[float | None, recipe_option("mixup")] = None,
    cutmix: Annotated[float | None, recipe_option("cutmix")] = None,
    average: Annotated[float | None, recipe_option("average")] = None,
    test_time: Annotated[str | None, recipe_option("test_time")] = None,
    precision: Annotated[str | None, recipe_option("precision")] = None,
    log: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="csv or tensorboard; may be repeated. [default: csv]")
    ] = None,
    try_: Annotated[
        bool, typer.Option("--try", help="Only compare optimisers and learning rates of a network (without --model of "
                             "compact), in a short training each.")
    ] = False,
    try_seconds: Annotated[float, typer.Option(metavar="<float>", help="Seconds of each of these trainings.", min=0.6,
                                             max=86_400)] = 30.0,
    checkpoint_seconds: Annotated[
        float | None, typer.Option(metavar="<float>", min=0,
                                   help="Seconds between checkpoints. [default: 20, or 1 % of the time]")
    ] = None,
    sharded: Annotated[
        bool, typer.Option("--sharded", help="Under torchrun: divide the weights among the processes.")
    ] = False,
    allow_empty_class: Annotated[
        bool, typer.Option("--allow-empty-class", help="Allow classes without pictures.")
    ] = False,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recogniser; writes the model, a report and all that is needed to repeat it."""
    from striate.convnet.distributed import ProcessGroup
    from striate.tasks import Progress
    from striate.tasks.train import train as run

    group = ProcessGroup.join()
    screen = Screen(quiet=quiet or not group.is_rank_zero, as_json=as_json)
    progress = Progress(screen.say, screen.stage, screen.step, interruptible, checkpoint_seconds, group)
    options: dict[str, Any] = {
        "model": model, "weights": weights, "network": network, "epochs": epochs, "minutes": minutes, "seed": seed,
        "split": split, "files": files, "size": parse_size(size), "resize": resize, "recipe": recipe,
        "batch_size": batch_size, "optimiser": optimiser, "learning_rate": learning_rate, "schedule": schedule,
        "balance": balance, "flip": flip, "cutout": cutout, "mixup": mixup, "cutmix": cutmix, "average": average,
        "test_time": test_time, "precision": precision, "sharded": sharded, "single": single,
        "allow_empty_class": allow_empty_class, "strict": strict, "command": shlex.join(["striate", *sys.argv[1:]]),
    }
    try:
        if try_:
            with group.one_error():
                again = tune.command_words(context)
                group.on_rank_zero(lambda: tune.show(data, options, progress, screen, again=again, out=out,
                                                seconds=try_seconds))
                group.shutdown()
            return
        result = run(data, out=out, resume=resume, log=log or ("csv",), progress=progress, **options)
    finally:
        screen.close()
    if group.is_rank_zero:
        screen.answer(result, summary(result))


def summary(result: TrainResult) -> str:
    """What was tried, the accuracies, the paths of report and model, and the next command."""
    from striate.report.selection import with_ensemble
    from striate.report.selection_text import selection_text

    test, validation, model = result.test, result.validation, result.model
    assert test
    assert validation
    assert model
    how = f"{result.history[-1].epoch} epochs" if result.history else "by cross-validation"
    tried = f"{selection_text(with_ensemble(result.selection, validation))}\n\n" if result.selection else ""
    return (
        f"{tried}test accuracy {with_interval(test.accuracy, test.interval)}, {test.count:,} pictures\n"
        f"validation    {with_interval(validation.accuracy, validation.interval)}, "
        f"{validation.count:,} pictures; {how}, {result.seconds:.0f} s\n"
        f"{surest(validation)}report  {result.report}\n"
        f"model   {model}\n"
        f"next    striate predict {shlex.quote(model)} PICTURE"
    )


def surest(validation: Evaluation) -> str:
    """How often the surest `FEWER` of the validation pictures are right, as a line; nothing where all are as sure."""
    point = [one for one in validation.surest if one.coverage >= FEWER][-1]
    return "" if point.coverage == 1 else (
        f"the surest {100 * point.coverage:.0f} % of them: {with_interval(point.accuracy, point.interval)}\n")
