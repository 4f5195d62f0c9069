"""*Look*: a picture comes in, what the nets see of it goes out."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from inkpose.display import encode_webp, shrunk
from inkpose.gallery.looks import Looked, Looks, cutout_of, interpret, look_json
from inkpose.gallery.rigs import rig_of, zipped
from inkpose.gallery.uploads import UPLOAD_PIXELS, file_name, read_body
from inkpose.gallery.worker import NetWorker
from inkpose.pipeline import Pipeline
from inkpose.posing.rig import Rig
from inkpose.seen import Image
from inkpose.writing import picture_record
from shared.images import encode_png

#: Longest side of pictures shown.
SHOWN_PX = 1600

NO_CHARACTER = "there is no such character at this threshold"

MaskThreshold = Annotated[float, Query(ge=0.01, le=0.99)]
TagThreshold = Annotated[float | None, Query(ge=0, le=1)]
Number = Annotated[int | None, Query(ge=0)]


def look_router(worker: NetWorker, looks: Looks, pixel_limit: int = UPLOAD_PIXELS) -> APIRouter:
    """Returns the routes below ``/api/looks``."""
    router = APIRouter(prefix="/api/looks")

    def kept(key: str) -> Looked:
        looked = looks.get(key)
        if looked is None:
            raise HTTPException(404, "this picture is no longer in memory; drop it again")
        return looked

    async def described(looked: Looked, mask: float) -> JSONResponse:
        def work(pipeline: Pipeline) -> dict[str, Any]:
            return look_json(pipeline, looked, interpret(pipeline, looked, mask))

        return JSONResponse(await worker.run(work))

    async def cut(looked: Looked, mask: float, n: int | None) -> Image:
        seen = await worker.run(lambda pipeline: interpret(pipeline, looked, mask))
        if not seen.characters or (n or 0) >= len(seen.characters):
            raise HTTPException(404, NO_CHARACTER)
        return await run_in_threadpool(cutout_of, looked, seen, n)

    @router.post("")
    async def look(request: Request, mask: MaskThreshold = 0.5) -> Response:
        name, data = file_name(request), await read_body(request)
        looked = await worker.run(lambda pipeline: looks.add(pipeline, data, name, pixel_limit))
        return await described(looked, mask)

    @router.get("/{key}")
    async def look_again(key: str, mask: MaskThreshold = 0.5) -> Response:
        return await described(kept(key), mask)

    @router.get("/{key}/picture")
    def picture(key: str) -> Response:
        return _webp(kept(key).image)

    @router.get("/{key}/cutout")
    async def cutout(key: str, mask: MaskThreshold = 0.5, n: Number = None) -> Response:
        return await run_in_threadpool(_webp, await cut(kept(key), mask, n))

    @router.get("/{key}/cutout.png")
    async def save_cutout(key: str, mask: MaskThreshold = 0.5, n: Number = None) -> Response:
        looked = kept(key)
        data = await run_in_threadpool(encode_png, await cut(looked, mask, n))
        ending = "" if n is None else f".{n}"
        return _download(data, "image/png", f"{PurePath(looked.name).stem}{ending}.png")

    @router.get("/{key}/result.json")
    async def save_result(key: str, mask: MaskThreshold = 0.5, tag: TagThreshold = None) -> Response:
        looked = kept(key)
        seen = await worker.run(lambda pipeline: interpret(pipeline, looked, mask, tag))
        body = JSONResponse(picture_record(seen, looked.name)).body
        return _download(bytes(body), "application/json", f"{PurePath(looked.name).stem}.json")

    @router.get("/{key}/rig.zip")
    async def save_rig(key: str, mask: MaskThreshold = 0.5, n: Annotated[int, Query(ge=0)] = 0) -> Response:
        looked = kept(key)

        def work(pipeline: Pipeline) -> Rig:
            seen = interpret(pipeline, looked, mask)
            if n >= len(seen.characters):
                raise HTTPException(404, NO_CHARACTER)
            return rig_of(pipeline, looked, seen, n)

        rig = await worker.run(work)
        name = f"{PurePath(looked.name).stem}.{n}"
        return _download(await run_in_threadpool(zipped, rig, name), "application/zip", f"{name}.rig.zip")

    return router


def _webp(image: Image) -> Response:
    headers = {"cache-control": "private, max-age=600"}  # the address names picture and threshold
    return Response(encode_webp(shrunk(image, SHOWN_PX)), media_type="image/webp", headers=headers)


def _download(data: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(data, media_type=media_type, headers=headers)
