"""Everything that goes to stderr, and the exit codes. stdout is data: see `cli.output`."""

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Self, cast

import typer

from l2t import paths
from l2t.errors import L2tError
from l2t.printable import printable

ClickException = cast(type[Exception], typer.BadParameter.__mro__[2])
"""The base of Typer's own errors, which carries its private copy of click and does not export it."""

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ExitCode(IntEnum):
    """What `l2t` tells the shell."""

    OK = 0, "all that was asked for is done"
    FAILED_RUNS = 1, "the command worked, but runs failed or are paused, or a check failed"
    USAGE = 2, "bad input, data or store: stderr says what to do"
    INTERNAL = 70, "a bug in l2t: stderr says where the traceback is"
    INTERRUPTED = 130, "stopped by Ctrl-C (or l2t down); the same command continues"
    BROKEN_PIPE = 141, "the reader of stdout went away, as in l2t ls | head"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


def say(message: str) -> None:
    """One line on stderr, `l2t: message`, with control characters escaped. A stderr that is gone is no error."""
    try:
        print(f"l2t: {printable(message)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


def guarded(command: Callable[[], int | None]) -> int:
    """Run `command` and turn whatever it raises into one line on stderr and an exit code."""
    warnings.showwarning = _say_warning
    try:
        code = _exit_code(command)
        sys.stdout.flush()
        return code
    except L2tError as error:
        say(str(error))
    except (KeyboardInterrupt, typer.Abort):
        say("stopped")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _drop_stdout()
        return ExitCode.BROKEN_PIPE
    except ClickException as error:
        _say_usage(error)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            _drop_stdout()
            say(f"cannot write: {error.strerror}. Free some space, or write elsewhere")
            return ExitCode.USAGE
        _say_bug(error)
        return ExitCode.INTERNAL
    return ExitCode.USAGE


def _exit_code(command: Callable[[], int | None]) -> int:
    try:
        return command() or ExitCode.OK
    except typer.Exit as end:
        return end.exit_code
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich ends with 1, as if something had failed
            raise end.__context__ from None
        raise


def _drop_stdout() -> None:
    """Forget what stdout has buffered: it would raise again when the interpreter flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_usage(error: Any) -> None:
    """The line for an error of Typer: what is wrong and which help to read. A bare group shows its help as it is."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(f"{error.format_message().rstrip()}\n".lstrip("\n"))
        return
    context = getattr(error, "ctx", None)
    hint = f" ({context.command_path} --help says more)" if context else ""
    lines = [line.strip() for line in error.format_message().splitlines() if line.strip()]
    if lines:
        say(" ".join(lines).replace(": Value error, ", ": ") + hint)


def _say_bug(error: Exception) -> None:
    """The line for an error nobody expected; its traceback goes to `crash.txt` in the home, else to stderr."""
    from l2t.store.files import write_atomic

    text = "".join(traceback.format_exception(error))
    file = paths.home() / "crash.txt"
    try:
        write_atomic(file, text.encode(errors="backslashreplace"))
        where = f"traceback in {file}"
    except OSError:
        print("\n".join(printable(line) for line in text.splitlines()), file=sys.stderr)
        where = "traceback above"
    say(f"unexpected {type(error).__name__}: {error} (this is a bug in l2t; {where})")


def _say_warning(message: Warning | str, *_: object, **__: object) -> None:
    say(f"warning: {message}")
