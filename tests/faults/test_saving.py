"""Writing a result to disk: whole or not at all, and never over anything by accident (C5, C6)."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from tests.support.bench import Bench
from tests.support.child import Child
from tests.support.studio import FILM

from tarash.tarash_gateway.exceptions import DownloadError, ValidationError
from tarash.tarash_gateway.models import Job
from tarash.testkit.steps import Answer, Do, Hang, Raw

NOBODY = 65534
HEAD = f"HTTP/1.1 200 OK\r\nContent-Length: {len(FILM)}\r\n\r\n".encode()


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that every user of the machine may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


# --- what may not be overwritten


def taken(path: Path) -> None:
    path.write_text("mine")


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "victim")


def link_to_a_file(path: Path) -> None:
    (path.parent / "victim").write_text("mine")
    path.symlink_to(path.parent / "victim")


def hard_link(path: Path) -> None:
    (path.parent / "victim").write_text("mine")
    path.hardlink_to(path.parent / "victim")


def link_in_circles(path: Path) -> None:
    path.symlink_to(path)


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


PLANTED: list[Callable[[Path], None]] = [taken, link_to_nothing, link_to_a_file, hard_link, link_in_circles, pipe]


def contents(folder: Path) -> dict[str, Any]:
    """What is in a folder: links as links, files with their bytes, other things with their kind."""
    return {path.name: path.readlink() if path.is_symlink() else _inside(path) for path in folder.iterdir()}


def _inside(path: Path) -> Any:
    return path.read_bytes() if path.is_file() else path.stat().st_mode


@pytest.mark.parametrize("plant", [*PLANTED, folder])
@pytest.mark.parametrize("moment", ["before", "meanwhile", "where the extension leads"])
def test_what_is_there_stays(bench: Bench, tmp_path: Path, plant: Callable[[Path], None], moment: str) -> None:
    response = bench.generate()
    path = tmp_path / "film.mp4"
    if moment == "meanwhile":
        bench.on_film(Do(lambda: plant(path)), Answer(headers={"Content-Type": "video/mp4"}, body=FILM))
    else:
        plant(path)
    with pytest.raises(ValidationError) as info:
        bench.world.save(response, tmp_path / "film" if "extension" in moment else path)
    assert info.value.job == response.job
    assert bench.downloads == (0 if moment == "before" else 1)
    after = contents(tmp_path)
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    plant(path)
    assert after == contents(tmp_path)


@pytest.mark.parametrize("plant", PLANTED)
@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_overwriting_takes_the_name_and_nothing_else(
    bench: Bench, tmp_path: Path, plant: Callable[[Path], None], moment: str
) -> None:
    response = bench.generate()
    path = tmp_path / "film.mp4"
    if moment == "meanwhile":
        bench.on_film(Do(lambda: plant(path)), Answer(headers={"Content-Type": "video/mp4"}, body=FILM))
    else:
        plant(path)
    assert bench.world.save(response, path, overwrite=True) == path
    assert path.is_file()
    assert not path.is_symlink()
    assert path.read_bytes() == FILM
    victim = tmp_path / "victim"
    assert set(contents(tmp_path)) == ({"film.mp4", "victim"} if victim.exists() else {"film.mp4"})
    assert not victim.exists() or victim.read_text() == "mine"


def test_a_folder_is_not_overwritten(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(ValidationError):
        bench.world.save(bench.generate(), tmp_path / "film.mp4", overwrite=True)
    assert bench.downloads == 0


def test_a_file_of_the_usual_permissions(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    mask = os.umask(0o027)
    try:
        first = bench.world.save(response, tmp_path / "one.mp4")
        second = bench.world.save(response, tmp_path / "one.mp4", overwrite=True)
    finally:
        os.umask(mask)
    assert first == second
    assert stat.S_IMODE(first.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["", ".", "..", "film\0.mp4", "x" * 300 + ".mp4", "sub/../film/"])
def test_names_that_are_none(bench: Bench, tmp_path: Path, name: str) -> None:
    response = bench.generate()
    with pytest.raises((ValidationError, DownloadError)) as info:
        bench.world.save(response, f"{tmp_path}/{name}")
    assert info.value.job == response.job
    assert not list(tmp_path.iterdir())


# --- when the disk does not play along


@pytest.mark.parametrize("limit", [0, 1, 5000, len(FILM) - 1])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_leaves_nothing(bench: Bench, tmp_path: Path, limit: int, overwrite: bool) -> None:
    path = tmp_path / "film.mp4"
    if overwrite:
        path.write_text("mine")
    order = {"path": str(path), "file_limit": limit, "overwrite": overwrite}
    with Child(bench.world.name, "save", bench.config(poll_interval=0.01), **order) as child:
        report = child.finish()
    assert report["error"] == "DownloadError"
    assert "could not be written" in report["message"]
    assert str(path) in report["message"]
    assert report["url"] == f"{bench.server.url}/films/job-1.mp4"
    assert contents(tmp_path) == ({"film.mp4": b"mine"} if overwrite else {})
    assert bench.downloads == 1
    assert bench.resume(Job.from_json(report["job"])).save(path, overwrite=True).read_bytes() == FILM
    assert bench.posts == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who has no permission")
def test_no_permission(bench: Bench, open_folder: Path) -> None:
    order = {"path": str(open_folder / "film.mp4"), "user": NOBODY}
    with Child(bench.world.name, "save", bench.config(poll_interval=0.01), **order) as child:
        report = child.finish()
    assert report["error"] == "ValidationError"
    assert "permission" in report["message"]
    assert report["job"]
    assert not list(open_folder.iterdir())
    assert bench.downloads == 0


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_goes_away_meanwhile(bench: Bench, tmp_path: Path, overwrite: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    response = bench.generate()
    bench.on_film(Do(folder.rmdir), Answer(headers={"Content-Type": "video/mp4"}, body=FILM))
    with pytest.raises((DownloadError, ValidationError)) as info:
        bench.world.save(response, folder / "film.mp4", overwrite=overwrite)
    assert info.value.job == response.job
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("overwrite", [False, True])
def test_killed_while_saving(bench: Bench, tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "film.mp4"
    if overwrite:
        path.write_text("mine")
    bench.studio.polls_needed = 1
    bench.on_film(Raw(HEAD + FILM[:9000]), Hang())
    order = {"path": str(path), "overwrite": overwrite}
    with Child(bench.world.name, "save", bench.config(poll_interval=0.01), **order) as child:
        bench.server.requests.wait_for(3)
        child.kill()
    assert contents(tmp_path) == ({"film.mp4": b"mine"} if overwrite else {})


@pytest.mark.parametrize("overwrite", [False, True])
def test_ctrl_c_while_saving(bench: Bench, tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "film.mp4"
    bench.studio.polls_needed = 1
    bench.on_film(Raw(HEAD + FILM[:9000]), Hang())
    order = {"path": str(path), "overwrite": overwrite}
    with Child(bench.world.name, "save", bench.config(poll_interval=0.01), **order) as child:
        bench.server.requests.wait_for(3)
        child.interrupt()
        report = child.finish()
    assert report["error"] == "KeyboardInterrupt"
    assert not list(tmp_path.iterdir())
    assert bench.cancels == 0


# --- C6: names that others gave

NAMES = [
    'attachment; filename="../../evil.sh"',
    "attachment; filename=/etc/cron.d/evil",
    "attachment; filename*=UTF-8''..%2F..%2Fevil.sh",
    'attachment; filename="evil.sh\0.mp4"',
    "inline; filename=CON",
]


@pytest.mark.parametrize("header", NAMES)
@pytest.mark.parametrize("path", ["/films/..%2f..%2fevil.sh", "/films/evil.sh", "/films/%00", "/films/x?name=../x"])
def test_names_of_others_are_not_used(bench: Bench, tmp_path: Path, header: str, path: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    link = f"{bench.server.url}{path}"
    bench.on_poll(Answer(json={"id": "job-1", "status": "done", "url": link}))
    raw = b"HTTP/1.1 200 OK\r\nContent-Disposition: %b\r\nContent-Length: %d\r\n\r\n" % (
        header.replace("\0", "").encode(),
        len(FILM),
    )
    bench.on_film(Raw(raw + FILM))
    assert bench.world.save(bench.generate(), folder / "film") == folder / "film.mp4"
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["a", "b", "film.mp4"]


# --- many at once


def test_one_response_may_be_saved_many_times(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    paths = [bench.world.save(response, tmp_path / f"film-{number}") for number in range(10)]
    assert {path.read_bytes() for path in paths} == {FILM}
    assert bench.downloads == 10


def test_a_response_that_travelled_can_still_be_saved(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    travelled = type(response).model_validate_json(response.model_dump_json())
    # Nothing is known of its provider any more, so its link is a stranger's, and this machine is out of bounds.
    with pytest.raises(DownloadError):
        bench.world.save(travelled, tmp_path / "film")
    assert bench.world.save(bench.resume(travelled.job), tmp_path / "film").read_bytes() == FILM
