"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

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
