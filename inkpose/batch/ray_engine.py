"""Parts made by Ray Data: an actor holds the nets, and there are as many as are asked for, on this machine or many."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from inkpose.batch.chunks import Chunk, Settings
from inkpose.batch.worker import PartActor, chunk_row
from shared.errors import DataError, UsageError

#: Ray neither reports home nor talks about itself.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what will be the default; without it Ray says so each time
}


def require_ray() -> None:
    """Looks whether Ray is installed, without importing it.

    Raises:
        UsageError: it is not.
    """
    if find_spec("ray") is None:
        raise UsageError('--engine ray: Ray is not installed; pip install "inkpose[ray]"')


def make_with_ray(
    chunks: Sequence[Chunk], settings: Settings, out: Path, workers: int, on_pictures: Callable[[int], None]
) -> None:
    """Makes parts with Ray Data.

    With ``RAY_ADDRESS`` set it joins that cluster, whose machines must see pictures, weights and ``out`` under the same
    paths. Otherwise Ray starts on this machine alone, without a dashboard, and ends with the call.

    Args:
        chunks: the parts to make.
        settings: how pictures are seen.
        out: result folder.
        workers: actors, each with its own nets, one CPU core, and a GPU where one is used.
        on_pictures: is told the number of pictures of each finished part.

    Raises:
        UsageError: Ray is not installed.
        DataError: an actor failed.
    """
    require_ray()
    for name, value in _QUIET.items():  # read when Ray is imported
        os.environ.setdefault(name, value)
    import ray.data
    from ray.exceptions import RayError

    with _started(workers):
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        rows = ray.data.from_items([chunk_row(chunk) for chunk in chunks], override_num_blocks=len(chunks))
        made = rows.map_batches(
            PartActor,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(chunks))),
            fn_constructor_args=(settings, str(out.resolve()), os.getcwd()),
            num_cpus=1,
            num_gpus=1 if settings.device == "cuda" else 0,
        )
        try:
            for row in made.iter_rows():
                on_pictures(int(row["pictures"]))
        except RayError as error:
            told = [line for line in str(error).splitlines() if line.strip()]
            raise DataError(
                f"{out}: a worker of Ray failed ({told[-1].strip() if told else type(error).__name__}); the parts that "
                "are finished stay, run the same command again"
            ) from error


@contextmanager
def _started(workers: int) -> Iterator[None]:
    """Joins the cluster of ``RAY_ADDRESS``, or starts Ray on this machine, quietly."""
    import ray

    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    else:
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=100_000_000,  # rows are paths: little
            _node_ip_address="127.0.0.1",
        )
    try:
        yield
    finally:
        ray.shutdown()
