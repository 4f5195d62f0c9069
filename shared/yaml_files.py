"""YAML of others, read without running anything and without letting a small file grow into a large value."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import yaml

from shared.errors import DataError

#: Larger YAML files (bytes) are refused: configs and skeletons have kilobytes.
_MOST_BYTES = 16_000_000


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader (the C one where there is one: 10 times faster) without merge keys.

    ``<<: [*a, *a]`` doubles a mapping, and twenty such lines fill any memory; nothing that we read needs them.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuses merge keys; called for every mapping."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "merge keys (<<) are not read", key.start_mark)
        super().flatten_mapping(node)


def read_yaml(path: Path) -> Any:
    """Reads a YAML file of one document.

    Raises:
        DataError: missing, no regular file, too large, or not such YAML.
    """
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > _MOST_BYTES:
            raise DataError(f"{path}: not a YAML file of at most {_MOST_BYTES:,} bytes; check the path")
        return yaml.load(path.read_text(encoding="utf-8"), Loader=PlainLoader)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise DataError(f"{path}: cannot be read as YAML ({reason}); correct the file") from None
