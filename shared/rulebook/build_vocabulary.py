"""Builds ``vocabulary.csv`` from public tag lists: only the names that the rulebook in this folder needs.

    python -m shared.rulebook.build_vocabulary --tags general_meta.csv --aliases aliases.csv \\
        --implications implications.csv --counts-2021 selected_tags.csv

Needed are: each name a class lists; its heirs and what these imply; and the names that lead to one of those (old
names, and implying tags that enough posts carry), so that a dump which lacks the implied tags gets the same labels.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from shared.files import write_text
from shared.rulebook.rules import FOLDER, read_rules, rule_files
from shared.rulebook.vocabulary import COLUMNS, Status, Tag, Vocabulary

MIN_POSTS = 300
"""Implying tags and old names with fewer posts (2025) are not worth a row: ours, keeps the file small."""
UNSAFE_WORDS = frozenset(
    word
    for line in (
        "box_tie french_kiss the_pose hand_under_clothes hand_under_shirt hand_under_swimsuit censor pecs sidepec uke",
        "ass bondage bound bra breast breasts bursting buruma cleavage crotch crotchless highleg leash",
        "leashed lift lowleg micro microbikini microdress microskirt panties panty pasties peek pull",
        "seductive skirtlift slingshot string taut thong underwear",
    )
    for word in line.split()
)
"""Suggestive raw names (the lists hold no explicit ones) are left out: such posts keep their other tags."""


def build(tags: Path, aliases: Path, implications: Path, counts_2021: Path, listed: Iterable[str]) -> Vocabulary:
    """Returns the vocabulary that a rulebook listing the names ``listed`` needs."""
    posts_2025 = {row["tag"]: int(row["post_count"]) for row in _rows(tags)}
    posts_2021 = {row["name"]: int(row["count"]) for row in _rows(counts_2021) if row["category"] in ("0", "5")}
    heirs = {row["antecedent"]: row["consequent"] for row in _rows(aliases) if row["antecedent"] not in posts_2025}
    implied: dict[str, set[str]] = {}
    for row in _rows(implications):
        implied.setdefault(row["antecedent"], set()).add(row["consequent"])

    everything: dict[str, Tag] = {}
    for name in {*posts_2025, *posts_2021, *heirs}:
        status: Status = "live" if name in posts_2025 else "renamed" if name in heirs else "gone"
        consequents = tuple(sorted(implied.get(name, ())))
        everything[name] = Tag(name, status, posts_2021.get(name), posts_2025.get(name), heirs.get(name), consequents)
    return _needed(Vocabulary(everything), frozenset(listed))


def _needed(everything: Vocabulary, listed: frozenset[str]) -> Vocabulary:
    keep = set().union(*(everything.complete(name) for name in listed if name in everything))
    for name, tag in everything.tags.items():
        heir = everything.tags[tag.successor] if tag.successor else tag
        common = max(heir.posts_2025 or 0, heir.posts_2021 or 0) >= MIN_POSTS
        completed = everything.complete(name)
        if common and not listed.isdisjoint(completed) and all(map(_is_safe, completed - listed)):
            keep.update(completed)
    return Vocabulary({name: everything.tags[name] for name in sorted(keep)})


def _is_safe(name: str) -> bool:
    return UNSAFE_WORDS.isdisjoint([name, *name.replace("-", "_").split("_")]) and "school_swimsuit" not in name


def to_csv(vocabulary: Vocabulary) -> str:
    """Returns the text of ``vocabulary.csv``."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for tag in vocabulary.tags.values():
        counts = ("" if count is None else count for count in (tag.posts_2021, tag.posts_2025))
        writer.writerow([tag.name, tag.status, *counts, tag.successor or "", " ".join(tag.implies)])
    return out.getvalue()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(
    tags: Annotated[Path, typer.Option(help="CSV tag,category,post_count,aliases")],
    aliases: Annotated[Path, typer.Option(help="CSV antecedent,consequent (old name, name of today)")],
    implications: Annotated[Path, typer.Option(help="CSV antecedent,consequent")],
    counts_2021: Annotated[Path, typer.Option(help="CSV tag_id,name,category,count of the Danbooru2021 database")],
) -> None:
    """Writes vocabulary.csv beside this file."""
    rules = [rule for path in rule_files("default") for rule in read_rules(path)]
    listed = {name for rule in rules for name in (*rule.any, *rule.shares, *rule.none)}
    vocabulary = build(tags, aliases, implications, counts_2021, listed)
    write_text(FOLDER / "vocabulary.csv", to_csv(vocabulary))
    typer.echo(f"{len(vocabulary.tags)} names; unknown to the lists: {sorted(listed - set(vocabulary)) or 'none'}")


if __name__ == "__main__":
    typer.run(main)
