"""*Index*: what it holds, and folders to add to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from inkpose.gallery.collection import Collection
from inkpose.gallery.jobs import IndexJobs
from shared.image_files import natural_key

#: Folders that are suggested at once.
MOST_FOLDERS = 40


class NewFolder(BaseModel):
    """A folder to add; without one, all folders of the index are looked at again."""

    folder: Annotated[str, Field(max_length=4096)] | None = None


def index_router(collection: Collection, jobs: IndexJobs, may_add: bool) -> APIRouter:
    """Returns the routes of *Index*.

    Args:
        collection: the index.
        jobs: who adds.
        may_add: whether the page may name folders of this computer.
    """
    router = APIRouter(prefix="/api")

    def only_here() -> None:
        if not may_add:
            raise HTTPException(403, "folders are added at the computer that runs the gallery, with `inkpose index`")

    @router.get("/collection")
    def stats() -> dict[str, Any]:
        return {**collection.stats(), "may_add": may_add}

    @router.get("/folders")
    def folders(path: str = "") -> dict[str, Any]:
        only_here()
        return {"folders": subfolders(path)}

    @router.get("/jobs/current")
    def job() -> dict[str, Any]:
        only_here()
        return jobs.progress()

    @router.post("/jobs", status_code=202)
    def start(new: NewFolder) -> dict[str, Any]:
        only_here()
        if new.folder is not None and not new.folder.strip():
            raise HTTPException(422, "name a folder of pictures")
        jobs.start(None if new.folder is None else Path(new.folder.strip()).expanduser())
        return jobs.progress()

    @router.delete("/jobs/current")
    def stop() -> dict[str, Any]:
        only_here()
        jobs.stop()
        return jobs.progress()

    return router


def subfolders(typed: str) -> list[str]:
    """Returns folders whose path begins with what is typed so far, without hidden ones; none where it cannot look."""
    text = typed.strip() or "~/"
    place = Path(text).expanduser()
    parent, beginning = (place, "") if text.endswith("/") else (place.parent, place.name)
    if "\0" in text or not parent.is_absolute():
        return []
    try:
        with os.scandir(parent) as entries:
            names = [
                entry.name
                for entry in entries
                if not entry.name.startswith(".")
                and entry.name.lower().startswith(beginning.lower())
                and entry.is_dir()
                and entry.name.isprintable()
            ]
    except OSError:
        return []
    return [str(parent / name) for name in sorted(names, key=natural_key)[:MOST_FOLDERS]]
