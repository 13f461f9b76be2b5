"""`striate predict`: the classes of pictures."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.interruptible import interruptible
from striate.cli.options import Force, Json, Quiet, Reject, Strict
from striate.cli.screen import Screen
from striate.errors import StriateError, shown

if TYPE_CHECKING:
    from striate.tasks.predict import Prediction
    from striate.tasks.predict_files import PredictedFiles

EXAMPLE = "Example: striate predict runs/digits-auto/model.safetensors photos/ --out answers.csv"
SPOOL = 8 << 20  # bytes of JSON that are kept in memory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(predict)


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")],
    pictures: Annotated[
        list[str], typer.Argument(metavar="PICTURE...", help="Picture files, folders (all pictures below them), "
                                  "patterns in quotes ('photos/**/*.jpg'), or - for names on standard input.")
    ],
    top: Annotated[int, typer.Option(min=1, help="Number of classes to list.")] = 5,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the predictions to this file, .csv or .jsonl, which "
                                  "appears when it is complete.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON value a picture, each on its line, as they come.")
    ] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Names on standard input are ended by NUL bytes, as by find -print0.")
    ] = False,
    reject: Reject = None,
    force: Force = False,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict the class of each picture; exits with 2 when a picture could not be read."""
    from striate.tasks.predict_files import predict_files
    from striate.tasks.prediction_table import json_line
    from striate.tasks.progress import Progress

    if jsonl and (as_json or out):
        raise typer.BadParameter("--jsonl is for lines on the screen: without --json, and without --out.")
    screen = Screen(quiet=quiet, as_json=as_json)
    listed = as_json and not out
    with SpooledTemporaryFile(SPOOL, "w+", encoding="ascii") as rows:  # one JSON value, or one error and none of it

        def each(batch: list[Prediction]) -> None:
            if listed:
                rows.writelines(f"{', ' if rows.tell() else ''}{json.dumps(one.as_dict(), allow_nan=False)}"
                                for one in batch)
            elif not out:
                sys.stdout.writelines(json_line(one) if jsonl else f"{line(one)}\n" for one in batch)
                sys.stdout.flush()

        told = listed or out or not sys.stdout.isatty()  # else the predictions themselves show how far it is
        try:
            found = predict_files(model, pictures, top=top, strict=strict, null=null, out=out, force=force, each=each,
                                  progress=Progress(screen.say, screen.stage if told else lambda *_: None,
                                                    interruptible=interruptible), reject=reject)
        finally:
            screen.close()
        if listed:
            rows.seek(0)
            sys.stdout.write("[")
            shutil.copyfileobj(rows, sys.stdout)
            sys.stdout.write("]\n")
    if out:
        screen.answer(found, summary(found))
    if found.unread:
        raise typer.Exit(StriateError.exit_code)


def line(result: Prediction) -> str:
    """One prediction for people."""
    if result.error is not None:
        return result.error
    others = ", ".join(f"{shown(str(label), 40)} {probability:.1%}" for label, probability in result.ranked[1:])
    name, more = shown(result.picture or ""), f"  ({others})" if others else ""
    if result.label is None:
        label, probability = result.ranked[0]
        return f"{name}: none of these; the most probable: {shown(str(label), 80)} {probability:.1%}{more}"
    return f"{name}: {shown(str(result.label), 80)} {result.probability:.1%}{more}"


def summary(result: PredictedFiles) -> str:
    """Where the predictions are, and of how many pictures."""
    unread = f"; {result.unread:,} could not be read" if result.unread else ""
    return f"{shown(result.out or '')}: {result.pictures:,} pictures{unread}"
