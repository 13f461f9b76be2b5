"""The program `striate`: registers the commands and turns every refusal into one sentence and an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer
from typer.exceptions import Abort, TyperException

from striate._version import __version__
from striate.cli import check, compare, convert, evaluate, inspect, look, predict, train
from striate.errors import StriateError

app = typer.Typer(
    name="striate", invoke_without_command=True, add_completion=False, pretty_exceptions_enable=False,
    rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: striate train digits",
)
COMMANDS = {"train": train, "check": check, "evaluate": evaluate, "predict": predict, "compare": compare, "look": look,
            "inspect": inspect, "convert": convert}
for command in COMMANDS.values():
    command.register(app)


@app.callback()
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
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except StriateError as error:
        refuse(error.code, str(error), error.exit_code)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f" Try: {context.command_path} --help" if context else ""
        refuse("usage", f"{error.format_message().rstrip('.')}.{hint}", 2)
    except (KeyboardInterrupt, Abort):
        refuse("stopped", "Stopped; nothing was left half written.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except MemoryError:
        refuse("out_of_memory", "The memory of this machine did not suffice. Use a smaller --batch-size or --size.", 1)
    except Exception as error:
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
