"""Parts made by Ray Data: an actor holds the nets, and there are as many as are asked for, on this machine or many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from inkpose.batch.chunks import Chunk, Settings
from inkpose.batch.worker import PartActor, chunk_row
from shared.errors import DataError, UsageError


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
    try:
        import ray
        import ray.data
    except ImportError:
        raise UsageError('--engine ray: Ray is not installed; pip install "inkpose[ray]"') from None
    from ray.exceptions import RayError

    with _started(workers):
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([chunk_row(chunk) for chunk in chunks], override_num_blocks=len(chunks))
        made = rows.map_batches(
            PartActor,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(chunks))),
            fn_constructor_args=(settings, str(out.resolve())),
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

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Otherwise Ray hides the GPUs from actors that ask for none, and warns that it will not.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False, logging_level="ERROR")
    else:
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=100_000_000,  # rows are paths: little
            _node_ip_address="127.0.0.1",
        )
    try:
        yield
    finally:
        ray.shutdown()
