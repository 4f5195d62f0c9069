"""*Poses*: the collection in groups of like poses, each with its place on a map."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query

from inkpose.gallery.collection import Collection
from inkpose.index.cluster import PoseGroup, pose_groups
from inkpose.index.schema import Hit
from inkpose.index.store import PoseIndex

#: Characters shown of a group beside the most typical one.
EXAMPLES = 7

#: Joints of the body (shoulders to ankles, 12) that make a pose; of less one cannot speak of a pose.
LEAST_BODY = 4


def is_vague(hit: Hit) -> bool:
    """Whether so little of the body was found that one can hardly speak of a pose."""
    return int(np.isfinite(hit.keypoints[5:, 0]).sum()) < LEAST_BODY


def _shown(group: PoseGroup, collection: Collection) -> dict[str, Any]:
    hits, vague = [group.medoid, *group.examples], is_vague(group.medoid)
    if vague:
        # Nothing is typical of what was hardly found: a head says more than a stain.
        hits.sort(key=lambda hit: -int(np.isfinite(hit.keypoints[:, 0]).sum()))
    first, *others = (collection.hit_json(hit, posed=False) for hit in hits)
    place = [round(value, 4) for value in group.place_xy]
    return {"vague": vague, "size": group.size, "place_xy": place, "medoid": first, "examples": others}


def pose_router(collection: Collection) -> APIRouter:
    """Returns the route of *Poses*."""
    router = APIRouter(prefix="/api")
    lock = threading.Lock()  # grouping takes seconds on large collections: one at a time
    made: dict[tuple[int, str, int | None], list[dict[str, Any]]] = {}

    @router.get("/poses")
    def poses(
        tags: Annotated[str, Query(max_length=500)] = "", count: Annotated[int | None, Query(ge=1, le=64)] = None
    ) -> dict[str, Any]:
        index = collection.open()
        if index is None:
            return {"groups": []}
        with lock:
            own = PoseIndex.open(collection.path)  # searches go on with theirs
            key = (len(own), tags, count)
            if key not in made:
                while len(made) > 8:
                    made.pop(next(iter(made)))
                groups = [_shown(group, collection) for group in pose_groups(own, count, EXAMPLES, tags)]
                made[key] = sorted(groups, key=lambda group: bool(group["vague"]))
            return {"groups": made[key]}

    return router
