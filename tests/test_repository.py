"""Rules of the repository itself: what may lie in a commit."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked() -> list[Path]:
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


#: The one place of large files: the trained nets that come with inkpose, so that it works before any training.
PRETRAINED = ROOT / "inkpose" / "pretrained"


def test_no_file_over_a_megabyte_but_the_shipped_nets() -> None:
    large = [path for path in tracked() if path.stat().st_size > 1_000_000]
    assert [str(path) for path in large if PRETRAINED not in path.parents or path.suffix != ".safetensors"] == []


def test_the_shipped_nets_are_small_and_have_a_card() -> None:
    files = [path for path in tracked() if PRETRAINED in path.parents]
    assert sum(path.stat().st_size for path in files) <= 60_000_000
    for preset in {PRETRAINED / path.relative_to(PRETRAINED).parts[0] for path in files}:
        assert (preset / "README.md") in files
        assert {path.name for path in files if preset in path.parents} == {
            "README.md", "config.json", "model.safetensors",
        }  # fmt: skip


def test_constraints_are_plain_pins() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9._-]+==[\w.+]+( ;.*)?", line), line


def test_no_absolute_paths_of_a_machine() -> None:
    pattern = re.compile(r"/(?:work|root|home/\w+)/\w")
    wrong = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".sh", ".txt", ".cff", ".csv"} or path.name == "Makefile":
            text = path.read_text(encoding="utf-8")
            if path != Path(__file__) and pattern.search(text):
                wrong.append(str(path))
    assert wrong == []


def test_every_link_of_the_docs_leads_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


#: Calls that would run code out of a file, unless told not to.
_LOADERS = {"torch.load", "yaml.load", "yaml.load_all", "pickle.load", "pickle.loads", "np.load", "joblib.load"}


def _risk(call: ast.Call) -> str | None:
    name, options = ast.unparse(call.func), {keyword.arg: keyword.value for keyword in call.keywords}
    if name in ("yaml.unsafe_load", "yaml.full_load", "eval", "exec", "os.system"):
        return name
    if name not in _LOADERS:
        return None
    if name == "torch.load":
        safe = isinstance(found := options.get("weights_only"), ast.Constant) and found.value is True
    elif name.startswith("yaml."):
        safe = ast.unparse(options["Loader"]) in ("PlainLoader", "_Loader") if "Loader" in options else False
    else:
        safe = name == "np.load" and "allow_pickle" not in options
    return None if safe else name


def test_no_code_is_run_out_of_files() -> None:
    wrong = []
    for package in ("inkpose", "shared", "tagger", "segmenter", "pose"):
        for path in sorted((ROOT / package).rglob("*.py")):
            calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
            wrong += [f"{path.name}:{call.lineno} {risk}" for call in calls if (risk := _risk(call))]
    assert wrong == []


def test_the_loaders_of_yaml_are_safe_ones() -> None:
    import yaml

    from shared.rulebook.rules import _Loader
    from shared.yaml_files import PlainLoader

    assert all(issubclass(loader, yaml.SafeLoader | yaml.CSafeLoader) for loader in (_Loader, PlainLoader))
