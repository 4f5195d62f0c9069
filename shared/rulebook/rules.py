"""A rulebook's YAML files, read into plain records: structure and types are checked here, meaning is not."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from typing import Any, Literal, get_args

import yaml

from shared.errors import DataError
from shared.yaml_files import PlainLoader

Group = Literal["body", "clothing", "misc"]
GROUPS: tuple[Group, ...] = get_args(Group)
FOLDER = Path(__file__).parent
_LISTS = ("any", "shares", "none", "implies")


@dataclass(frozen=True, slots=True)
class ClassRule:
    """One class as its author wrote it.

    ``any``: tags that make it true and belong to it alone. ``shares``: tags that make it true and belong to another
    class too. ``none``: tags that make it false whatever else is there. ``implies``: classes it makes true.
    """

    name: str
    group: Group
    any: tuple[str, ...]
    shares: tuple[str, ...]
    none: tuple[str, ...]
    implies: tuple[str, ...]
    path: Path

    @property
    def where(self) -> str:
        """The beginning of an error message about this class."""
        return f"{self.path}: class {self.name!r}"


class _Loader(PlainLoader):
    """The safe loader, refusing a key that comes twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Builds the mapping; plain YAML would silently keep the last of two equal keys."""
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a field comes twice", node.start_mark)
        return mapping


def rule_files(source: str | Path) -> list[Path]:
    """Returns the YAML files of a rulebook: ``default`` (the shipped one), a folder of .yaml files, or one file.

    Order: body, clothing, misc, then other names by alphabet.

    Raises:
        DataError: nothing there.
    """
    folder = FOLDER if source == "default" else Path(source)
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise DataError(f"{source}: no such rulebook; give 'default', a folder of .yaml files or one .yaml file")
    files = sorted(folder.glob("*.yaml"), key=lambda path: (_rank(path.stem), path.stem))
    if not files:
        raise DataError(f"{source}: this folder holds no .yaml file; a rulebook is written as body.yaml, …")
    return files


def _rank(stem: str) -> int:
    return GROUPS.index(stem) if stem in GROUPS else len(GROUPS)


def read_rules(path: Path) -> list[ClassRule]:
    """Reads one rulebook file: one or more YAML documents ``{group: body, classes: [{name: …, any: […]}, …]}``.

    Raises:
        DataError: not YAML, unknown fields, wrong types, a name twice in a list; names the file and the class.
    """
    try:
        text = path.read_text("utf-8")
        documents = list(yaml.load_all(text, Loader=_Loader))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); check the file") from error
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError, TypeError) as error:
        raise DataError(_yaml_message(path, error)) from error
    if not documents:
        raise DataError(f"{path}: the file is empty; write the fields group and classes")
    return [rule for document in documents for rule in _document(document, path)]


def _yaml_message(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or " ".join(str(error).split())[:200]
    return f"{path}{line}: not a valid rulebook file ({problem}); correct it (quote tags such as ':d' or '>_<')"


def _document(document: Any, path: Path) -> Iterator[ClassRule]:
    if not isinstance(document, dict) or set(document) != {"group", "classes"}:
        raise DataError(f"{path}: a rulebook file has the fields group and classes; write these two and no others")
    group, classes = document["group"], document["classes"]
    if not isinstance(group, str) or group not in GROUPS:
        raise DataError(f"{path}: group {short(group)} is unknown; use one of {', '.join(GROUPS)}")
    if not isinstance(classes, list) or not classes:
        raise DataError(f"{path}: classes must be a list with at least one class; add one")
    for number, entry in enumerate(classes, start=1):
        yield _class(entry, group, path, f"{path}: class number {number}")


def _class(entry: Any, group: Group, path: Path, where: str) -> ClassRule:
    if not isinstance(entry, dict):
        raise DataError(f"{where}: {short(entry)} is not a class; write {{name: long_hair, any: [long_hair]}}")
    name = entry.get("name")
    if not isinstance(name, str) or not name or name.split() != [name]:
        raise DataError(
            f"{where}: name {short(name)} is not a word; give it a name such as long_hair (quote 'on', 'no', …)"
        )
    where = f"{path}: class {name!r}"
    unknown = [str(key) for key in entry if key not in ("name", *_LISTS)]
    if unknown:
        raise DataError(f"{where}: unknown field {unknown[0]!r}; a class has name, {', '.join(_LISTS)}")
    lists = {field: _names(entry.get(field, []), field, where) for field in _LISTS}
    return ClassRule(name=name, group=group, path=path, **lists)


def _names(value: Any, field: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise DataError(f"{where}: {field} is {short(value)}, not a list; write {field}: [a, b]")
    for item in value:
        if not isinstance(item, str) or not item:
            raise DataError(f"{where}: {short(item)} in {field} is not text; put the name in quotes")
    if len(set(value)) != len(value):
        double = next(item for item in value if value.count(item) > 1)
        raise DataError(f"{where}: {double!r} comes twice in {field}; remove one")
    return tuple(value)
