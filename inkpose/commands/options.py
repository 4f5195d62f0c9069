"""Options that several commands have. Their defaults are light: `inkpose --help` imports no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.weights import SHOWN_DEFAULT

#: That of ``shared.images``.
PIXEL_LIMIT = 100_000_000

BatchSize = Annotated[int, typer.Option(min=1, help="Pictures seen at once.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
LargestOnly = Annotated[bool, typer.Option("--largest-only", help="Only the largest character.")]
MaskThreshold = Annotated[float, typer.Option(min=0.01, max=0.99, help="Foreground is above this probability.")]
#: See ``tagger.predict.TaggerPredictor.limits``.
MinPrecision = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=0.9,
        help="Tell a tag where it was right at least this often on validation pictures; 0: at its best F1.",
        show_default="0.5, if the tagger knows",
    ),
]
Masks = Annotated[Path | None, typer.Option(help="Folder of your own masks, named as the pictures.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Do again what is done.")]
PixelLimit = Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")]
PoseWeights = Annotated[
    Path, typer.Option(help="Folder with pose/ and segmenter/, or a pose net alone.", show_default=SHOWN_DEFAULT)
]
Segmenter = Annotated[Path | None, typer.Option(help="Another segmenter checkpoint.")]
Weights = Annotated[
    Path, typer.Option(help="Folder with tagger/, segmenter/ and pose/, a run or exported.", show_default=SHOWN_DEFAULT)
]
