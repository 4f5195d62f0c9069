"""Work that is killed in the middle; each tells its pipe when it begins, so that a kill never hits the imports."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from shared.training.checkpoints import stamp
from tests.shared.training.toy_run import ToyData, ToyModule

#: Imported once, by the process that all jobs are forked from; LanceDB is not, its threads do not survive that.
PRELOADED = [
    "tests.battery.jobs", "shared.files", "shared.manifest.folder", "shared.rulebook.rulebook", "shared.training.cli",
    "inkpose.predict", "tests.inkpose.conftest",
]  # fmt: skip
_BALLAST = 2_000_000


def write_values(begun: Connection, target: Path) -> None:
    """Writes one file again and again."""
    from shared.files import write_json

    begun.send_bytes(b"go")
    for number in range(10**9):
        write_json(target, {"number": number, "values": [number] * 20_000}, indent=None)


def make_manifest(begun: Connection, pictures: Path, out: Path, rules: Path) -> None:
    """Makes a manifest in parts of 20 pictures."""
    import shared.manifest.build as build
    from shared.manifest.folder import FolderSource, folder_manifest
    from shared.rulebook.rulebook import load_rulebook

    build.PART_POSTS = 20
    begun.send_bytes(b"go")
    folder_manifest(FolderSource([pictures]), out, load_rulebook(str(rules)))


def predict(begun: Connection, pictures: Path, out: Path) -> None:
    """Predicts a folder with nets that can be foretold."""
    from inkpose.predict import predict_to_folder

    pipeline = _pipeline()
    begun.send_bytes(b"go")
    predict_to_folder(pipeline, [pictures], out, batch_size=4)


def fill_index(begun: Connection, pictures: Path, folder: Path) -> None:
    """Takes pictures into an index, two at a time."""
    import inkpose.index.build as build
    from inkpose.index.store import PoseIndex

    build._COMMIT_PICTURES = 2
    pipeline = _pipeline()
    begun.send_bytes(b"go")
    build.add([pictures], PoseIndex.open(folder, create=True), lambda: pipeline, batch_size=2)


class Heavy(ToyModule):
    """The toy with 8 MB beside its two weights, so that a kill can hit the writing of it; says when it trains."""

    begun: Connection | None = None

    def __init__(self, lr: float = 0.1, delay_s: float = 0.0) -> None:
        super().__init__(lr, delay_s)
        self.register_buffer("ballast", torch.zeros(_BALLAST))

    def on_train_start(self) -> None:
        self.ballast.fill_(1.0)
        if Heavy.begun is not None:
            Heavy.begun.send_bytes(b"go")

    def on_save_checkpoint(self, checkpoint: dict[str, object]) -> None:
        stamp(checkpoint, "tagger")


def train(begun: Connection, root: Path) -> None:
    """Trains through the real command, a checkpoint after every step, going on from the last one."""
    from shared.training.cli import run

    Heavy.begun = begun
    sys.exit(
        run(Heavy, ToyData, [
            "fit", f"--trainer.default_root_dir={root}", "--trainer.max_epochs=100000", "--trainer.accelerator=cpu",
            "--trainer.enable_progress_bar=false", "--trainer.logger=false", "--data.count=8", "--resume=true",
            "--checkpoint.monitor=val/loss",
        ])
    )  # fmt: skip


def _pipeline():
    from inkpose.pipeline import Pipeline
    from tests.inkpose.conftest import FakePose, FakeSegmenter, FakeTagger

    return Pipeline(FakeTagger(), FakeSegmenter(), FakePose())
