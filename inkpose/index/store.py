"""The index itself: two LanceDB tables, of pictures and of their characters, in one folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inkpose.index.connection import bytes_below, connect, is_index, make_place, told
from inkpose.index.descriptor import Descriptor, as_descriptor, is_usable
from inkpose.index.fast_index import ANN_FROM, build_fast_index, has_fast_index
from inkpose.index.lock import only_writer
from inkpose.index.ranking import Asked, rank
from inkpose.index.schema import (
    PICTURES,
    Hit,
    Picture,
    character_table,
    characters_schema,
    descriptor_of,
    hits_of,
    picture_table,
)
from inkpose.index.tag_query import all_of, parse_tags, sql_list
from shared.errors import DataError, UsageError

#: Where an index is when nobody says otherwise.
DEFAULT_INDEX = Path("runs/index")

_SHOWN = ["id", "picture", "width", "height", "box_xywh", "keypoints", "tags"]  # the id tells the number
#: Versions of the tables older than this go when the index is tidied; a reader that began earlier is done by then.
_KEEP = timedelta(minutes=10)


class PoseIndex:
    """Characters with pose, tags and thumbnail, found by pose and by tags.

    Readers see the index as it was at one moment, whatever a writer does; each call looks at the newest state.

    Attributes:
        path: its folder.
        descriptor: how its poses are described.
    """

    def __init__(self, path: Path, pictures: Any, characters: Any, descriptor: Descriptor) -> None:
        self.path, self.descriptor = path, descriptor
        self._pictures, self._characters = pictures, characters

    @classmethod
    def open(cls, path: Path | str, create: bool = False, descriptor: str | None = None) -> PoseIndex:
        """Opens an index.

        Args:
            path: its folder.
            create: make a new one where there is none.
            descriptor: that it must have; a new one takes `inkpose` when None.

        Raises:
            UsageError: the folder holds other things, or an index of another descriptor than asked for.
            DataError: no index there, a damaged one, or one of another version of the descriptor.
        """
        path = Path(path)
        wanted = as_descriptor(descriptor) if descriptor else None
        if not is_index(path):
            if not create:
                raise DataError(f"{path}: no index there; make one with `inkpose index add FOLDER --index {path}`")
            make_place(path)
        with told(path):
            database = connect(path)
            if create and not is_index(path):
                # The table of characters comes last: where it is, the index is whole.
                database.create_table("pictures", schema=PICTURES, exist_ok=True)
                schema = characters_schema(wanted or as_descriptor("inkpose"))
                database.create_table("characters", schema=schema, exist_ok=True)
            characters = database.open_table("characters")
            found = descriptor_of(characters.schema, str(path))
            if wanted is not None and wanted != found:
                raise UsageError(f"{path}: this index has descriptor {found.name}, not {wanted.name}; name another one")
            return cls(path, database.open_table("pictures"), characters, found)

    # --- reading ------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Number of characters."""
        return self._count(self._characters)

    def search(
        self,
        keypoints: NDArray[Any],
        k: int = 20,
        tags: str = "",
        mirror: bool = False,
        exclude_pictures: Collection[str] = (),
        exclude_ids: Collection[str] = (),
        box_xywh: Sequence[float] | None = None,
        rerank: bool = True,
        probes: int | None = None,
    ) -> list[Hit]:
        """Returns the characters in the most similar pose, most similar first.

        Args:
            keypoints: ``(17, 3)`` x, y, score in COCO order; x and y NaN where absent.
            k: how many.
            tags: e.g. ``"kimono -hat"``.
            mirror: also find the mirrored pose.
            exclude_pictures: paths whose characters are not wanted.
            exclude_ids: characters that are not wanted.
            box_xywh: box of the query's character, for the descriptor `paper` (None: that of its joints).
            rerank: order by the comparison joint by joint, not by the descriptor's distance alone.
            probes: cells of the approximate index to look into; None takes as many as the tags ask for.

        Raises:
            UsageError: the pose has too few joints, or ``k`` is not 1 … 10000.
            DataError: the index cannot be read.
        """
        asked = np.asarray(keypoints, np.float64)
        _check_k(k)
        if asked.shape != (17, 3):
            raise ValueError(f"keypoints {asked.shape} must be (17, 3)")
        if not is_usable(asked):
            raise UsageError("the query shows too few joints to search by; give another picture, or search by tags")
        todo = Asked(
            asked,
            box_xywh,
            k,
            parse_tags(tags).where(),
            mirror,
            rerank,
            probes,
            exclude_pictures,
            exclude_ids,
        )
        with told(self.path):
            self._characters.checkout_latest()
            ranked = rank(self._characters, self.descriptor, todo)
            if not ranked:
                return []
            rows = self._characters.take_row_ids([one.row_id for one in ranked]).select([*_SHOWN, "thumbnail"])
            rows = rows.with_row_id().to_arrow()
        hits = dict(zip(rows["_rowid"].to_pylist(), hits_of(rows), strict=True))
        return [
            replace(hits[one.row_id], score=one.score, distance=one.distance, mirrored=one.mirrored) for one in ranked
        ]

    def search_tags(self, tags: str, k: int = 20, offset: int = 0) -> list[Hit]:
        """Returns characters of pictures with these tags, in the order they were added.

        Raises:
            UsageError: no tag is given.
            DataError: the index cannot be read.
        """
        _check_k(k)
        where = parse_tags(tags).where()
        if not where:
            raise UsageError("no tag is given; write e.g. 'kimono -hat'")
        return self.rows(where=where, limit=k, offset=offset)

    def rows(
        self, ids: Sequence[str] | None = None, where: str = "", limit: int | None = None, offset: int = 0
    ) -> list[Hit]:
        """Returns characters: those of ``ids`` in that order, or those where a condition holds.

        Raises:
            DataError: the index cannot be read.
        """
        if ids is not None and not ids:
            return []
        condition = all_of(f"id IN {sql_list(ids)}" if ids is not None else "", where)
        self.refresh()
        with told(self.path):
            query = self._characters.search().select([*_SHOWN, "thumbnail"]).offset(offset)
            query = query.limit(limit if limit is not None else max(1, self._characters.count_rows()))
            found = hits_of((query.where(condition) if condition else query).to_arrow())
        if ids is not None:
            place = {one: number for number, one in enumerate(ids)}
            found.sort(key=lambda hit: place[hit.id])
        return found

    def vectors(self, tags: str = "", limit: int | None = None) -> tuple[list[str], NDArray[np.float32]]:
        """Returns the ids and descriptors ``(N, D)`` of characters (of pictures with these tags)."""
        where = parse_tags(tags).where()
        self.refresh()
        with told(self.path):
            count = self._characters.count_rows()
            query = self._characters.search().select(["id", "vector"]).limit(min(limit or count, max(1, count)))
            table = (query.where(where) if where else query).to_arrow().combine_chunks()
        values = [np.asarray(chunk.flatten()) for chunk in table["vector"].chunks]
        flat = np.concatenate(values) if values else np.zeros(0, np.float32)
        return table["id"].to_pylist(), flat.reshape(-1, self.descriptor.size)

    def tag_counts(self) -> dict[str, int]:
        """Returns in how many characters' pictures each tag holds, most frequent first."""
        import pyarrow.compute as pc

        self.refresh()
        with told(self.path):
            query = self._characters.search().select(["tags"]).limit(max(1, self._characters.count_rows()))
            counts = pc.value_counts(query.to_arrow()["tags"].combine_chunks().flatten()).to_pylist()
        return {c["values"]: c["counts"] for c in sorted(counts, key=lambda c: (-c["counts"], c["values"]))}

    def known_pictures(self) -> pa.Table:
        """Returns the rows of all pictures, in the columns of ``schema.PICTURES``."""
        self.refresh()
        with told(self.path):
            return self._pictures.search().limit(max(1, self._pictures.count_rows())).to_arrow()

    def stats(self) -> dict[str, Any]:
        """Returns what there is to know: numbers, descriptor, sources, size on disk, state of the fast index."""
        import pyarrow.compute as pc

        self.refresh()
        with told(self.path):
            fast = self._characters.index_stats("vector_idx") if has_fast_index(self._characters) else None
            characters = self._characters.count_rows()
            query = self._pictures.search().select(["source", "characters"])
            pictures = query.limit(max(1, self._pictures.count_rows())).to_arrow()
        sources = pc.value_counts(pictures["source"]).to_pylist()
        return {
            "index": str(self.path),
            "descriptor": f"{self.descriptor.name} {self.descriptor.version}",
            "pictures": len(pictures),
            "pictures_without_character": pc.sum(pc.equal(pictures["characters"], 0)).as_py() or 0,
            "characters": characters,
            "bytes": bytes_below(self.path),
            "fast_index_rows": fast.num_indexed_rows if fast else 0,
            "rows_not_in_fast_index": fast.num_unindexed_rows if fast else characters,
            "sources": {one["values"]: one["counts"] for one in sources},
        }

    def refresh(self) -> None:
        """Looks at the newest state of the index."""
        with told(self.path):
            self._characters.checkout_latest()
            self._pictures.checkout_latest()

    # --- writing ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the right to write; :meth:`add`, :meth:`remove` and :meth:`compact` want it.

        Raises:
            UsageError: another process has it.
        """
        with only_writer(self.path):
            self.refresh()
            self._drop_unfinished()
            yield

    def add(self, pictures: Sequence[Picture]) -> None:
        """Takes pictures in; what the index knew about the same paths is replaced, whole or not at all.

        Raises:
            DataError: the index cannot be written; what it held before is still there.
        """
        if not pictures:
            return
        paths = sql_list([picture.path for picture in pictures])
        with told(self.path):
            table = character_table(pictures, self.descriptor)
            if self._pictures.count_rows(f"path IN {paths}"):
                merge = self._characters.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.when_not_matched_by_source_delete(f"picture IN {paths}").execute(table)
                self._pictures.delete(f"path IN {paths}")
            elif len(table):
                self._characters.add(table)
            # Last: a picture counts as taken in when it is listed.
            self._pictures.add(picture_table(pictures))

    def remove(self, paths: Sequence[str]) -> None:
        """Forgets pictures and their characters."""
        for start in range(0, len(paths), 500):
            some = sql_list(paths[start : start + 500])
            with told(self.path):
                self._pictures.delete(f"path IN {some}")
                self._characters.delete(f"picture IN {some}")

    def touch(self, mtimes_ns: Mapping[str, int]) -> None:
        """Notes new time stamps of pictures whose bytes are the same."""
        import pyarrow.compute as pc

        if not mtimes_ns:
            return
        table = self.known_pictures()
        rows = table.filter(pc.is_in(table["path"], pa.array(list(mtimes_ns))))
        stamps = pa.array([mtimes_ns[path] for path in rows["path"].to_pylist()], pa.int64())
        rows = rows.set_column(rows.schema.get_field_index("mtime_ns"), "mtime_ns", stamps)
        with told(self.path):
            self._pictures.merge_insert("path").when_matched_update_all().execute(rows)

    def compact(self, fast_index: bool | None = None) -> None:
        """Tidies the files, brings the fast index up to date, and builds one when it pays.

        Args:
            fast_index: build one whatever the number of characters (True) or never (False).
        """
        with told(self.path):
            # The files first: an index of files that are then merged would have to be written twice.
            self._pictures.optimize(cleanup_older_than=_KEEP)
            self._characters.optimize(cleanup_older_than=_KEEP)
            count = self._characters.count_rows()
            build = count >= ANN_FROM if fast_index is None else fast_index and count >= 256
            if build and not has_fast_index(self._characters):
                build_fast_index(self._characters)
        self.refresh()

    # --- inside -------------------------------------------------------------------------------------------------

    def _count(self, table: Any) -> int:
        self.refresh()
        with told(self.path):
            return int(table.count_rows())

    def _drop_unfinished(self) -> None:
        """Takes out the characters of a batch whose writer was killed before it listed the pictures."""
        import pyarrow.compute as pc

        with told(self.path):
            count = self._characters.count_rows()
            if not count:
                return
            owners = pc.unique(self._characters.search().select(["picture"]).limit(count).to_arrow()["picture"])
            listed = self._pictures.search().select(["path"]).limit(max(1, self._pictures.count_rows())).to_arrow()
            orphans = owners.filter(pc.invert(pc.is_in(owners, listed["path"].combine_chunks()))).to_pylist()
        self.remove(orphans)


def _check_k(k: int) -> None:
    if not 1 <= k <= 10_000:
        raise UsageError(f"--k {k}: must be 1 to 10000")
