import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from inkpose.cli import main


@pytest.fixture
def said(capsys, weights):
    """Runs `inkpose gallery` and returns its one line of error."""

    def run(*options: str) -> str:
        assert main(["gallery", "--weights", str(weights), *options]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    return run


def test_other_machines_only_on_request(said, tmp_path):
    assert "--network" in said("--host", "0.0.0.0", "--index", str(tmp_path / "i"))


def test_a_port_that_is_taken(said, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "choose another --port" in said("--port", str(port), "--index", str(tmp_path / "i"))


def test_a_host_that_is_not_ours(said, tmp_path):
    assert "cannot be served" in said("--host", "203.0.113.7", "--network", "--index", str(tmp_path / "i"))


def test_a_folder_that_is_no_index(said, tmp_path):
    (tmp_path / "characters.lance").mkdir()
    assert str(tmp_path) in said("--index", str(tmp_path))


def test_a_place_of_other_things(said, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "holds other files and no index" in said("--index", str(tmp_path))
    assert "--index is a file" in said("--index", str(tmp_path / "notes.txt"))


def test_missing_weights(capsys, tmp_path):
    assert main(["gallery", "--weights", str(tmp_path)]) == 2
    assert "make demo" in capsys.readouterr().err


def test_missing_extra(said, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert "inkpose[gallery]" in said("--index", str(tmp_path / "i"))


@pytest.mark.slow
def test_the_command_serves_looks_and_ends_with_ctrl_c(weights, draw, tmp_path):
    options = ["--weights", str(weights), "--index", str(tmp_path / "index"), "--port", "0", "--device", "cpu"]
    command = [sys.executable, "-m", "inkpose.cli", "gallery", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            told = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", told)[0]
            page = httpx.get(address, timeout=60)
            assert "<title>inkpose gallery</title>" in page.text
            seen = httpx.post(f"{address}api/looks", content=draw(tmp_path / "girl.png").read_bytes(), timeout=120)
            assert (seen.json()["width"], seen.json()["height"]) == (60, 40)
        finally:
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=60)
        assert (process.returncode, out, error) == (0, "gallery closed\n", "")
    assert not (tmp_path / "index").exists()
