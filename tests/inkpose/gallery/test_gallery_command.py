import socket
import sys

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


def test_missing_weights(capsys, tmp_path):
    assert main(["gallery", "--weights", str(tmp_path)]) == 2
    assert "make demo" in capsys.readouterr().err


def test_missing_extra(said, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert "inkpose[gallery]" in said("--index", str(tmp_path / "i"))
