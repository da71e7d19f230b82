"""`tarash doctor` finds what is broken; each fault is planted."""

from pathlib import Path

import pytest
from tests.cli.running import KEY, CinemaServer, Command, add_distribution, json_of

from tarash.cli import records


def broken(tarash: Command, **env: str) -> list[str]:
    """What the doctor calls broken; the exit code agrees."""
    done = tarash("doctor", "--json", env=env)
    found = [finding["text"] for finding in json_of(done)["findings"] if finding["state"] == "broken"]
    assert done.returncode == (1 if found else 0)
    return found


def test_a_sound_installation(tarash: Command, cinema: CinemaServer) -> None:
    done = tarash("doctor", env={"HTTPS_PROXY": "http://me:secret@proxy.example:3128"})
    assert done.returncode == 0
    assert done.stdout.endswith("Everything works.\n")
    for fact in ("CINEMA_KEY is set", "FAL_KEY is not set", "tarash-core ", "HTTPS_PROXY=http://proxy.example:3128"):
        assert fact in done.stdout
    assert KEY not in done.stdout
    assert "secret" not in done.stdout


@pytest.mark.parametrize(("variable", "state"), [("LUMAAI_API_KEY", "note"), ("LUMA_AGENTS_API_KEY", "ok")])
def test_the_key_that_the_default_models_need(tarash: Command, variable: str, state: str) -> None:
    findings = json_of(tarash("doctor", "--json", env={variable: KEY}))["findings"]
    [luma] = [one for one in findings if one["check"] == "provider" and one["text"].startswith("luma ")]
    assert (luma["state"], f"{variable} is set" in luma["text"]) == (state, True)


def test_two_distributions_with_one_id(tarash: Command, cinema: CinemaServer, tmp_path: Path) -> None:
    add_distribution(tmp_path / "site", "other-cinema", entry_points={"cinema": "cinema:other"})
    [fault] = broken(tarash)
    assert "tarash-cinema" in fault
    assert "other-cinema" in fault


def test_a_provider_that_cannot_be_imported(tarash: Command, cinema: CinemaServer, tmp_path: Path) -> None:
    add_distribution(tmp_path / "site", "tarash-broken", entry_points={"broken": "broken_cinema"})
    [fault] = broken(tarash)
    assert "tarash-broken" in fault
    assert "no film in the camera" in fault


def test_overwritten_missing_and_startup_files(tarash: Command, tmp_path: Path) -> None:
    site = tmp_path / "site"
    tarash.path.append(site)
    file, gone = "tarash/providers/acme/__init__.py", "tarash/providers/acme/gone.py"
    add_distribution(site, "tarash-acme", files={file: "one = 1\n", "acme.pth": ""}, recorded={gone: ""})
    add_distribution(site, "tarash-acme-fork", files={file: "two = 2\n"})
    faults = "\n".join(broken(tarash))
    assert f"{file} belongs to tarash-acme 1.0 and to tarash-acme-fork 1.0" in faults
    assert f"{file} is not what tarash-acme 1.0 installed" in faults
    assert f"{gone} of tarash-acme 1.0 is missing" in faults
    assert "tarash-acme 1.0 ships acme.pth" in faults
    assert len(faults.splitlines()) == 4


def test_a_distribution_that_takes_the_namespace(tarash: Command, tmp_path: Path, repository: Path) -> None:
    # All packages in one folder, as wheels are installed: only there the command can still be started.
    site = tmp_path / "site"
    (site / "tarash").mkdir(parents=True)
    for package in ("tarash-core", "tarash-cli"):
        for leaf in (repository / "packages" / package / "src" / "tarash").iterdir():
            (site / "tarash" / leaf.name).symlink_to(leaf)
    add_distribution(site, "tarash-bad", files={"tarash/__init__.py": "", "tarash/providers/__init__.py": ""})
    tarash.path.append(site)
    faults = broken(tarash)
    assert f"{site}/tarash/__init__.py (from tarash-bad 1.0) hides" in "\n".join(faults)
    assert f"{site}/tarash/providers/__init__.py (from tarash-bad 1.0) hides" in "\n".join(faults)


def test_a_namespace_file_of_nobody(tmp_path: Path) -> None:
    (tmp_path / "tarash").mkdir()
    (tmp_path / "tarash" / "__init__.py").touch()
    [fault] = records.namespace_faults((), [str(tmp_path)])
    assert "(from no distribution) hides" in fault


def test_two_versions_on_the_path(tmp_path: Path) -> None:
    found = [
        records.Installed("tarash_acme", version, tmp_path / version, {}, is_editable=False, has_providers=False)
        for version in ("1.0", "2.0")
    ]
    [text] = records.twice_installed(found)
    assert text.startswith("tarash-acme is installed 2 times (1.0 in ")


def test_a_state_folder_behind_a_file(tarash: Command, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    done = tarash("doctor")
    assert done.returncode == 0
    assert "cannot be written; tarash works without it" in done.stdout
