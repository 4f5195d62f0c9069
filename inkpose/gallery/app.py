"""The server: guard, static page, routes, and errors told as one line of JSON."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from inkpose.gallery.collection import Collection
from inkpose.gallery.find_routes import find_router
from inkpose.gallery.guard import Guard
from inkpose.gallery.index_routes import index_router
from inkpose.gallery.jobs import IndexJobs
from inkpose.gallery.look_routes import look_router
from inkpose.gallery.looks import Looks
from inkpose.gallery.pose_routes import pose_router
from inkpose.gallery.uploads import UPLOAD_LIMIT, TooLarge
from inkpose.gallery.worker import Busy, NetWorker
from shared.errors import InkposeError
from shared.keypoints.schema import COCO_17

log = logging.getLogger(__name__)

STATIC = Path(__file__).with_name("static")

#: What the page must know of joints: their names in order, the bones, and who is whose mirror image.
KEYPOINTS = {"names": COCO_17.names, "edges": COCO_17.edge_indices, "flip": COCO_17.flip_order}


def create_app(worker: NetWorker, index: Path, names: Iterable[str] = (), network: bool = False) -> Guard:
    """Returns the gallery as an ASGI application.

    Args:
        worker: holds the nets.
        index: folder of the index; need not be there yet.
        names: further host names of ours (see :class:`Guard`).
        network: whether other machines may reach it: then no paths are shown, and no folders are added.
    """
    collection = Collection(index, show_paths=not network)
    jobs = IndexJobs(index, worker)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker.warm()
        yield
        await run_in_threadpool(jobs.stop, wait=True)
        await run_in_threadpool(worker.close)

    # The interactive documentation would load scripts from elsewhere.
    app = FastAPI(title="inkpose gallery", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    for router in (
        look_router(worker, Looks()),
        find_router(collection),
        pose_router(collection),
        index_router(collection, jobs, may_add=not network),
    ):
        app.include_router(router)

    @app.get("/api/about")
    def about() -> dict[str, Any]:
        return {"ready": worker.ready, "keypoints": KEYPOINTS}

    @app.api_route("/api/{rest:path}", methods=["GET", "POST", "DELETE"], include_in_schema=False)
    def unknown(rest: str) -> None:
        raise HTTPException(404, "the gallery has no such page")

    app.mount("/", StaticFiles(directory=STATIC, html=True), name="static")
    _tell_errors(app)
    return Guard(app, names, network)  # around everything, so that no answer lacks its headers


def _tell_errors(app: FastAPI) -> None:
    def told(status: int, message: str) -> JSONResponse:
        return JSONResponse({"error": message}, status_code=status)

    @app.exception_handler(InkposeError)
    def _user(_: Request, error: Exception) -> JSONResponse:
        return told(422, str(error))

    @app.exception_handler(TooLarge)
    def _large(_: Request, error: Exception) -> JSONResponse:
        return told(413, f"the file is larger than {UPLOAD_LIMIT // 1_000_000} MB; shrink the picture")

    @app.exception_handler(Busy)
    def _busy(_: Request, error: Exception) -> JSONResponse:
        return told(503, "many pictures are waiting already; try again in a moment")

    @app.exception_handler(ClientDisconnect)
    def _left(_: Request, error: Exception) -> JSONResponse:
        return told(400, "the upload broke off")  # nobody is there to read it, and it is no bug

    @app.exception_handler(HTTPException)
    def _http(_: Request, error: Exception) -> JSONResponse:
        return told(getattr(error, "status_code", 500), str(getattr(error, "detail", error)))

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, error: Exception) -> JSONResponse:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
        return told(422, f"{'.'.join(map(str, first.get('loc', ())))}: {first.get('msg', 'not valid')}")

    @app.exception_handler(Exception)
    def _ours(request: Request, error: Exception) -> JSONResponse:
        log.error("%s failed", request.url.path, exc_info=error)
        return told(500, f"{type(error).__name__}: this is a bug; the terminal shows where")
