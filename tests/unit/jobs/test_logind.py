"""What systemd's login manager does at logout."""

from pathlib import Path

import pytest

from l2t.jobs.logind import FOLDERS, Logout, at_logout

YES = "[Login]\nKillUserProcesses=yes\n"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The administrator's folder and the distribution's."""
    return tmp_path / "etc", tmp_path / "usr"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def seen(folders: tuple[Path, Path], user: str = "ada", linger: Path = Path("/nowhere")) -> Logout:
    return at_logout(folders, linger, user)


def test_without_settings_processes_stay(folders: tuple[Path, Path]) -> None:
    assert seen(folders) is Logout.STAY
    put(folders[0] / "logind.conf", "[Login]\n#KillUserProcesses=yes\n; KillUserProcesses=yes\n")
    assert seen(folders) is Logout.STAY


@pytest.mark.parametrize("value", ["yes", "true", "1", "On", " yes "])
def test_they_end_where_the_file_says_so(folders: tuple[Path, Path], value: str) -> None:
    put(folders[0] / "logind.conf", f"[Login]\nKillUserProcesses={value}\n")
    assert seen(folders) is Logout.END


def test_of_a_user_who_lingers_services_stay(folders: tuple[Path, Path], tmp_path: Path) -> None:
    put(folders[0] / "logind.conf", YES)
    put(tmp_path / "linger" / "ada", "")
    assert seen(folders, "ada", tmp_path / "linger") is Logout.SERVICES
    assert seen(folders, "bob", tmp_path / "linger") is Logout.END


def test_later_names_win_and_the_administrators_file_hides_one_of_the_same_name(folders: tuple[Path, Path]) -> None:
    put(folders[1] / "logind.conf", "[Login]\nKillUserProcesses=no\n")
    put(folders[1] / "logind.conf.d" / "20-kill.conf", YES)
    assert seen(folders) is Logout.END
    put(folders[0] / "logind.conf.d" / "30-spare.conf", "[Login]\nKillUserProcesses=no\n")
    assert seen(folders) is Logout.STAY
    put(folders[0] / "logind.conf.d" / "30-spare.conf", "[Login]\n")
    put(folders[0] / "logind.conf.d" / "20-kill.conf", "")
    assert seen(folders) is Logout.STAY


def test_root_and_those_who_are_spared_keep_theirs(folders: tuple[Path, Path]) -> None:
    put(folders[0] / "logind.conf", YES)
    assert seen(folders, "root") is Logout.STAY
    put(folders[0] / "logind.conf", YES + "KillExcludeUsers=ada eve\n")
    assert (seen(folders), seen(folders, "root")) == (Logout.STAY, Logout.END)
    put(folders[0] / "logind.conf", YES + "KillOnlyUsers=bob\n")
    assert (seen(folders), seen(folders, "bob")) == (Logout.STAY, Logout.END)


def test_files_that_cannot_be_read_say_nothing(folders: tuple[Path, Path]) -> None:
    put(folders[0] / "logind.conf", "KillUserProcesses=yes\n[Login\n\xff")
    put(folders[0] / "logind.conf.d" / "a.conf", YES)
    (folders[0] / "logind.conf.d" / "b.conf").mkdir()
    assert seen(folders) is Logout.END


def test_this_machine_can_be_asked() -> None:
    assert at_logout(FOLDERS) in Logout
