"""*Find*: poses and tags to drawings of the index; nothing but rows of the index is ever served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len
from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field, FiniteFloat

from inkpose.display import encode_webp, shrunk
from inkpose.gallery.collection import Collection
from inkpose.gallery.look_routes import SHOWN_PX
from inkpose.gallery.uploads import UPLOAD_PIXELS
from shared.errors import DataError
from shared.images import read_rgba
from shared.keypoints.schema import COCO_17

Coordinate = Annotated[FiniteFloat, Field(ge=-1e6, le=1e6)]
Joint = tuple[Coordinate, Coordinate, Annotated[FiniteFloat, Field(ge=0, le=1)]]


class PoseQuery(BaseModel):
    """What is looked for: a pose, tags, or both."""

    keypoints: Annotated[list[Joint | None], Len(len(COCO_17), len(COCO_17))] | None = None
    tags: Annotated[str, Field(max_length=500)] = ""
    mirror: bool = False
    k: Annotated[int, Field(ge=1, le=500)] = 40


def find_router(collection: Collection) -> APIRouter:
    """Returns the routes of *Find*."""
    router = APIRouter(prefix="/api")

    @router.post("/search")
    def search(query: PoseQuery) -> dict[str, Any]:
        return {"hits": collection.search(query.keypoints, query.tags, query.mirror, query.k)}

    @router.get("/tags")
    def tags() -> dict[str, Any]:
        return {"tags": list(collection.tag_counts().items())}

    @router.get("/characters/{key}")
    def character(key: str) -> dict[str, Any]:
        hit = collection.hit(key)
        if hit is None:
            raise HTTPException(404, "the index holds no such character")
        return collection.hit_json(hit, posed=False)

    @router.get("/characters/{key}/picture")
    def picture(key: str) -> Response:
        hit = collection.hit(key)
        if hit is None:
            raise HTTPException(404, "the index holds no such character")
        try:
            image = read_rgba(Path(hit.path), UPLOAD_PIXELS)
        except DataError:
            raise HTTPException(404, "the picture is gone or changed; look at its folder again (Index)") from None
        headers = {"cache-control": "private, max-age=60"}
        return Response(encode_webp(shrunk(image, SHOWN_PX)), media_type="image/webp", headers=headers)

    return router
