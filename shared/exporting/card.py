"""A model card: what a net is, how it was trained, how to use it and where it fails, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: What every card says about use: the same for all nets, so that it is written once.
_LIMITS = """It was made for drawings of characters, not for photographs of people. It makes mistakes, more of them
on styles that its training data lacks. Do not use it to decide anything about a person."""


def model_card(
    title: str,
    summary: str,
    facts: Mapping[str, str],
    sections: Sequence[tuple[str, str]],
    tags: Sequence[str] = (),
) -> str:
    """Returns a README.md.

    Args:
        title: heading.
        summary: one paragraph.
        facts: rows of the table at the top.
        sections: heading and Markdown text of each further section.
        tags: key words of the front matter, which model hubs read.
    """
    front = ["---", "library_name: inkpose", "tags:", *(f"- {tag}" for tag in ("illustration", "anime", *tags)), "---"]
    table = ["| | |", "|---|---|", *(f"| {_cell(name)} | {_cell(value)} |" for name, value in facts.items())]
    parts = ["\n".join(front), f"# {title}", summary, "\n".join(table)]
    parts += [f"## {heading}\n\n{text.strip()}" for heading, text in (*sections, ("Limits", _LIMITS))]
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
