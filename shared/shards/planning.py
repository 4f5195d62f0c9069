"""Which sample goes into which shard, and what a run finds where it is to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.errors import UsageError
from shared.files import read_json, write_json
from shared.readers.splits import SPLITS, Split
from shared.shards.location import DESCRIPTION, FORMAT, MANIFEST, MEMBERS
from shared.shards.target import ShardTarget

#: Where the tables of finished shards lie until all are finished.
PARTS = ".parts"


class PlannedShard(NamedTuple):
    """A shard to write: its name, split, and the numbers of its samples in their order."""

    name: str
    split: Split
    numbers: NDArray[np.int64]

    @property
    def part(self) -> str:
        """Where its table lies until all shards are finished; written after the shard."""
        return f"{PARTS}/{self.name.removesuffix('.tar')}.parquet"


@dataclass(frozen=True)
class Written:
    """What became of a run.

    Attributes:
        shards: their number.
        samples: of each split.
        bytes: of all shards.
        left_out: files that could not be read.
        had: shards that an earlier run had written.
    """

    shards: int
    samples: dict[str, int]
    bytes: int
    left_out: int
    had: int = 0


def plan_shards(splits: NDArray[np.int8], per_shard: int, seed: int) -> list[PlannedShard]:
    """Deals samples out to shards: each split shuffled by the seed, then cut; sizes differ by at most one."""
    shards = []
    for number, split in enumerate(SPLITS):
        order = np.random.default_rng([seed, number]).permutation(np.flatnonzero(splits == number))
        count = -(-len(order) // per_shard)
        parts = np.array_split(order, count) if count else []
        shards += [PlannedShard(f"{split}-{i:06d}.tar", split, part) for i, part in enumerate(parts)]
    return shards


def begin(target: ShardTarget, plan: str, restart: bool) -> Written | None:
    """Makes a place ready for the shards of ``plan``; returns what lies there where that is the whole set already.

    Raises:
        UsageError: other files or shards are in the way.
    """
    names = target.names()
    if DESCRIPTION in names:
        with target.reading(DESCRIPTION) as path:
            found = read_json(path)
        same = isinstance(found, dict) and found.get("plan") == plan
        if not same and not restart:
            raise UsageError(
                f"{target}: holds shards of other pictures or options; name another place with --out, or start anew "
                "with --restart"
            )
        if same and not restart:
            if found.get("complete") is not True:
                return None
            shards = {shard["name"]: shard["bytes"] for shard in found["shards"]}
            if all(names.get(name) == size for name, size in shards.items()):
                samples, left_out = found["samples"], found["left_out"]
                return Written(len(shards), samples, sum(shards.values()), left_out, len(shards))
        # Of no plan until all is gone: stopped in between, what is left is neither taken for done nor for another's.
        write_description(target, {"format": FORMAT, "plan": None, "complete": False})
        for name in names:
            if name != DESCRIPTION and _is_ours(name):
                target.remove(name)
    elif names:
        raise UsageError(f"{target}: holds {min(names)} and is no set of shards; name another place with --out")
    write_description(target, {"format": FORMAT, "plan": plan, "complete": False})
    return None


def write_description(target: ShardTarget, told: dict[str, Any]) -> None:
    """Writes ``shards.json``."""
    with target.writing(DESCRIPTION) as path:
        write_json(path, told, indent=1)


def _is_ours(name: str) -> bool:
    top = name.split("/")[0]
    return top in (MANIFEST, MEMBERS, "annotations", PARTS) or (top.endswith(".tar") and top.startswith(SPLITS))
