"""The house's one-way imports: shared ← tagger, segmenter ← pose ← inkpose (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: What each package may import of ours. pose uses the tagger's feature extractor and never the segmenter.
ALLOWED = {
    "shared": {"shared"},
    "tagger": {"shared", "tagger"},
    "segmenter": {"shared", "segmenter"},
    "pose": {"shared", "tagger", "pose"},
    "inkpose": {"shared", "tagger", "segmenter", "pose", "inkpose"},
}


def imported_packages(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_imported_packages_sees_every_form() -> None:
    source = "import pose.net as n\nfrom tagger import x\ndef f():\n    from inkpose.cli import main\n"
    assert imported_packages(source) == {"pose", "tagger", "inkpose"}


@pytest.mark.parametrize("package", ALLOWED)
def test_no_arrow_turns(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imported_packages(path.read_text()) & (ALLOWED.keys() | {"tests"})
        if name not in ALLOWED[package]
    }
    assert not wrong


def test_pose_methods_never_import_each_other() -> None:
    methods = ROOT / "pose" / "methods"
    names = {path.name for path in methods.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert names
    for name in names:
        for path in (methods / name).rglob("*.py"):
            for other in names - {name}:
                assert f"pose.methods.{other}" not in path.read_text(), path


@pytest.mark.parametrize("package", ALLOWED)
def test_package_init_holds_a_docstring_only(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        body = ast.parse(path.read_text()).body
        assert all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body), path


def test_only_one_file_draws_with_thorvg_and_one_augments_with_albumentations() -> None:
    users: dict[str, list[str]] = {"thorvg_python": [], "albumentations": []}
    for package in ALLOWED:
        for path in (ROOT / package).rglob("*.py"):
            for name in users.keys() & imported_packages(path.read_text()):
                users[name].append(str(path.relative_to(ROOT)))
    assert users == {"thorvg_python": ["shared/synthetic/engine.py"], "albumentations": ["shared/augment.py"]}


def test_the_command_line_starts_without_torch() -> None:
    code = "import sys, inkpose.cli; sys.exit(int('torch' in sys.modules or 'cv2' in sys.modules))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
