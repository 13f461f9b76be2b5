"""The program `striate`: registers the commands and turns every refusal into one sentence and an exit code."""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Collection
from importlib import import_module
from typing import Annotated, NoReturn

import typer
from typer.exceptions import Abort, TyperException

from striate._version import __version__
from striate.errors import StriateError

COMMANDS = {
    "train": "Train a recogniser; writes the model, a report and all that is needed to repeat it.",
    "check": "Find faults in labelled pictures: bad files, copies and leaks, odd classes, likely wrong labels.",
    "evaluate": "Measure a saved recogniser on labelled pictures.",
    "predict": "Predict the class of each picture; exits with 2 when a picture could not be read.",
    "compare": "Compare recognisers on the same pictures: which is better, how surely, at what cost.",
    "look": "Show what a model has learnt, and its evidence for a class in a picture, on one page.",
    "filter": "Filter a picture or a table of numbers with a kernel: by cross-correlation, or by true convolution.",
    "inspect": "Show the layers of a network: volume, parameters, MACs, receptive field, memory; and the totals.",
    "convert": "Write a network in another dialect: ours (YAML or JSON), Caffe's prototxt, Keras' JSON or PyTorch "
               "source.",
}  # the first sentence of each command's help; a test holds them equal


def application(wanted: Collection[str] = tuple(COMMANDS)) -> typer.Typer:
    """The command line. Of commands that are not `wanted` it knows name and summary only.

    So `striate --help` waits for no command's options, and a command for no other's.
    """
    app = typer.Typer(
        name="striate", invoke_without_command=True, add_completion=False, pretty_exceptions_enable=False,
        rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Example: striate train digits",
    )
    app.callback()(striate)
    for name, summary in COMMANDS.items():
        if name in wanted:
            import_module(f"striate.cli.{name}").register(app)
        else:
            app.command(name, help=summary)(striate)
    return app


def striate(context: typer.Context,
            version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """Turn a folder of labelled pictures into a recogniser you can trust and understand."""
    if version:
        typer.echo(f"striate {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run() -> NoReturn:
    """Run the command line.

    Exit codes: 0 done, 1 failure, 2 bad input, 3 findings (of `check`), 75 stopped and resumable, 130 stopped.
    """
    try:
        code = application([word for word in sys.argv[1:] if word in COMMANDS][:1])(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except StriateError as error:
        refuse(error.code, str(error), error.exit_code)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f" Try: {context.command_path} --help" if context else ""
        said = error.format_message().rstrip(".")
        refuse("usage", f"{said}{'' if said.endswith('?') else '.'}{hint}", 2)
    except (KeyboardInterrupt, Abort):
        refuse("stopped", "Stopped; nothing was left half written.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except MemoryError:
        refuse("out_of_memory", "The memory of this machine did not suffice. Use a smaller --batch-size or --size.", 1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # a DiskError has told of any other file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            refuse("disk_full", "The output could not be written; the disk is full. Free some space and run the same "
                   "command again.", 1)
        if os.environ.get("STRIATE_TRACEBACK"):
            traceback.print_exc()
        refuse("unexpected", f"striate met an error it did not expect: {type(error).__name__}: {error}. "
               "Set STRIATE_TRACEBACK=1 to see where, and report it.", 1)


def refuse(code: str, sentence: str, exit_code: int) -> NoReturn:
    """Print the sentence on stderr, for programs also as JSON on stdout, and leave."""
    sys.stderr.write(f"striate: {sentence}\n")
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"error": {"code": code, "message": sentence}}) + "\n")
    sys.exit(exit_code)
