"""The frame of the command line, by the real console script: help, `--home`, exit codes, what goes where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.app import COMMANDS
from cli.diagnostics import ExitCode

L2T = str(Path(sys.executable).with_name("l2t"))
HEAVY = ("torch", "pandas", "scipy", "textual")


def l2t(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [L2T, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment, timeout=60
    )


def script(code: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `code`, which sees the arguments of `l2t`, in a Python of its own."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)


def test_help_lists_every_command_with_its_line_and_the_exit_codes() -> None:
    result = l2t("--help")
    assert result.returncode == 0
    assert result.stderr == ""
    for name, command in COMMANDS.items():
        assert any(line.split()[:1] == [name] and command.help in line for line in result.stdout.splitlines())
    for code in ExitCode:
        assert f"{code.value:>3}  {code.meaning}" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_offers_home(name: str) -> None:
    result = l2t(name, "--help", COLUMNS="120")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"Usage: l2t {name}" in result.stdout
    assert "--home" in result.stdout or "Commands" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["ls"], ["ls", "--json"], ["methods"], ["models"], ["status"], ["queue", "list"], ["down"]],
    ids=" ".join,
)
def test_commands_that_must_be_quick_load_no_heavy_package(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom cli.app import main\n"
        "try:\n    main()\n"
        f"finally:\n    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    result = script(code, *arguments)
    assert result.returncode == 0
    assert result.stderr.splitlines()[-1] == "[]"


def test_the_table_of_commands_imports_none_of_them() -> None:
    code = "import sys, cli.app\nprint(*sorted(name for name in sys.modules if name.startswith('cli.')))"
    assert script(code).stdout == "cli.app cli.diagnostics cli.output\n"


def test_version_is_the_package_version() -> None:
    import l2t as package

    assert l2t("--version").stdout == f"l2t {package.__version__}\n"


def test_home_may_stand_before_and_after_the_command_and_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = str(tmp_path / "file" / "home")
    for result in (
        l2t("--home", broken, "doctor"),
        l2t("doctor", "--home", broken),
        l2t("doctor", f"--home={broken}"),
        l2t("doctor", L2T_HOME=broken),
    ):
        assert result.returncode == 1
        assert f"{broken} cannot be written" in result.stdout + result.stderr


def test_home_after_the_command_wins_over_home_before_it_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = str(tmp_path / "file" / "home")
    good = str(tmp_path / "good")
    assert l2t("--home", broken, "doctor", "--home", good, L2T_HOME=broken).returncode == 0


def test_home_works_below_groups() -> None:
    assert "--home" in l2t("data", "list", "--help", COLUMNS="120").stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["lss"], 'l2t: no command "lss". Did you mean ls? (l2t --help lists all)'),
        (["ls", "--jsn"], "l2t: No such option: --jsn"),
        (["ls", "--limit", "x"], "l2t: Invalid value for '--limit'"),
        (["ls", "--limit", "0"], "l2t: Invalid value for '--limit'"),
        (["ls", "--sort", "speed"], "l2t: runs cannot be sorted by 'speed'. Possible: id, state"),
        (["ls", "metod=ufm"], 'l2t: no filter key "metod". Did you mean method?'),
        (["ls", "state=failde"], 'l2t: no state "failde". Did you mean failed?'),
        (["show"], "l2t: Missing argument 'RUN'. (l2t show --help says more)"),
        (["show", "abc"], "l2t: no run 'abc' (l2t ls lists all)"),
        (["methods", "show", "l2tw"], 'l2t: no method "l2tw". Did you mean l2tww? (l2t methods lists all)'),
        (["models", "vgg"], 'l2t: no model "vgg". Did you mean vgg9? (l2t models lists all)'),
        (["report", "--format", "pdf"], "l2t: Invalid value for '--format': 'pdf' is not one of"),
        (["report", "shots=many"], "l2t: filter 'shots=many': 'many' is no number"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_on_stderr_and_exit_code_two(arguments: list[str], line: str) -> None:
    result = l2t(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(line)


@pytest.mark.parametrize("group", [[], ["data"], ["source"], ["queue"], ["store"]], ids=" ".join)
def test_a_bare_group_shows_its_help_line_by_line(group: list[str]) -> None:
    result = l2t(*group)
    assert (result.returncode, result.stderr) == (2, "")
    assert "Usage: l2t" in result.stdout
    assert len(result.stdout.splitlines()) > 10
    assert "--install-completion" not in result.stdout or not group


def test_reading_commands_create_nothing(tmp_path: Path) -> None:
    for command in (
        ["ls"],
        ["report"],
        ["doctor"],
        ["methods"],
        ["show", "x"],
        ["status"],
        ["queue", "list"],
        ["down"],
    ):
        l2t(*command)
    assert list(tmp_path.iterdir()) == []


def test_control_characters_in_what_was_typed_never_reach_the_terminal() -> None:
    result = l2t("show", "\x1b]0;evil\x07\u202e")
    assert result.returncode == 2
    assert "\x1b" not in result.stderr
    assert "\\x1b]0;evil\\x07\\u202e" in result.stderr.replace("\\\\", "\\")


def test_a_store_that_is_damaged_is_one_line_and_exit_code_two(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "l2t.db").write_bytes(b"no database at all" * 100)
    for command in ("ls", "report"):
        result = l2t(command)
        assert result.returncode == 2
        assert len(result.stderr.splitlines()) == 1
        assert "l2t.db" in result.stderr
    assert l2t("doctor").returncode == 1


BUG = """
import sys
import cli.app
cli.app.COMMANDS["ls"] = cli.app.Command("bug:ls", "", "Experiments")
sys.modules["bug"] = type(sys)("bug")
def ls():
    raise {error}
sys.modules["bug"].ls = ls
cli.app.main()
"""


def test_a_bug_is_one_line_with_the_traceback_in_the_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    result = script(BUG.format(error="KeyError('who\\x1b[31m')"), "ls")
    assert result.returncode == 70
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("l2t: unexpected KeyError: ")
    assert "\x1b" not in line
    assert str(tmp_path / "home" / "crash.txt") in line
    assert "Traceback (most recent call last)" in (tmp_path / "home" / "crash.txt").read_text()


def test_a_bug_without_a_home_prints_its_traceback() -> None:
    result = script(BUG.format(error="ZeroDivisionError"), "ls")
    assert result.returncode == 70
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("l2t: unexpected ZeroDivisionError")


def test_ctrl_c_is_exit_code_130() -> None:
    result = script(BUG.format(error="KeyboardInterrupt"), "ls")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "l2t: stopped\n")


def test_a_warning_is_one_line_on_stderr() -> None:
    code = BUG.format(error="SystemExit(__import__('warnings').warn('old\\nthing'))")
    result = script(code, "ls")
    assert result.stderr == "l2t: warning: old\\nthing\n"


@pytest.mark.parametrize("words", [("methods", "--json"), ("tui", "--help"), ("report",)])
def test_a_reader_that_goes_away_is_no_error(
    words: tuple[str, ...], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("L2T_HOME", str(home))
    process = subprocess.Popen([L2T, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, error = process.communicate(timeout=60)
    assert error == b""
    assert process.returncode == 141


@pytest.mark.parametrize("argument", ["methods", "--version", "--help"])
def test_a_full_stdout_is_one_line(argument: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with Path("/dev/full").open("w") as full:
        result = subprocess.run([L2T, argument], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == "l2t: cannot write: No space left on device. Free some space, or write elsewhere\n"


def test_output_without_the_characters_is_spelt_in_ascii() -> None:
    result = l2t("methods", "show", "l2twww", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Weight beta of the matching loss" in result.stdout
    assert "number >= 0" in result.stdout


def test_tables_are_whole_in_a_pipe_however_narrow_the_terminal_is() -> None:
    result = l2t("methods", COLUMNS="40")
    assert "ICML 2019" in result.stdout
    assert "\x1b" not in result.stdout


def test_completion_offers_commands_and_their_options() -> None:
    shell = {"_L2T_COMPLETE": "complete_bash"}
    assert "report" in l2t(COMP_WORDS="l2t re", COMP_CWORD="1", **shell).stdout.split()
    assert "--sort" in l2t(COMP_WORDS="l2t ls --s", COMP_CWORD="2", **shell).stdout.split()


def test_completion_can_be_installed(tmp_path: Path) -> None:
    result = l2t("--install-completion", "bash", HOME=str(tmp_path), _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert (result.returncode, result.stderr) == (0, "")
    assert list(tmp_path.rglob("l2t.sh")) != []
