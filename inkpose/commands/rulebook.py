"""`inkpose rulebook`: how raw Danbooru tags become the classes of the tagger, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shared.rulebook.explain import Reason

app = typer.Typer(
    help="Raw Danbooru tags to classes: check the rulebook, explain a class or tags, count a metadata file.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Source = Annotated[str, typer.Option("--rulebook", help="'default', a folder of .yaml files, or one .yaml file.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def explain(
    class_name: Annotated[str, typer.Argument(metavar="CLASS", help="A class, e.g. black_legwear.")],
    rulebook: _Source = "default",
    json_output: _Json = False,
) -> None:
    """Say what makes a class true, and how often it is.

    Example: inkpose rulebook explain black_legwear
    """
    from shared.rulebook.rulebook import load_rulebook

    book = load_rulebook(rulebook)
    told = book.explain(class_name)
    if json_output:
        _print_json(
            {
                "name": told.rule.name,
                "group": told.rule.group,
                "index": told.index,
                "any": told.rule.any,
                "shares": told.rule.shares,
                "none": told.rule.none,
                "implies": told.rule.implies,
                "implied_by": told.implied_by,
                "raw_tags": dict(told.raw_tags),
                "posts_2021": [told.bounds.lower, told.bounds.upper],
            }
        )
        return
    low, high = told.bounds.lower_fraction, told.bounds.upper_fraction
    typer.echo(f"{told.rule.name}: class {told.index} ({told.rule.group}), true in {low:.2%} to {high:.2%} of posts")
    for title, names in (
        ("any", told.rule.any),
        ("shares", told.rule.shares),
        ("none", told.rule.none),
        ("implies", told.rule.implies),
        ("implied by", told.implied_by),
    ):
        if names:
            typer.echo(f"  {title}: {', '.join(names)}")
    typer.echo("  raw tags that make it true:")
    for name, chain in sorted(told.raw_tags, key=lambda pair: -(book.vocabulary.tags[pair[0]].posts_2025 or 0)):
        tag = book.vocabulary.tags[name]
        typer.echo(f"    {chain}  [{tag.status}; posts 2021: {_count(tag.posts_2021)}, 2025: {_count(tag.posts_2025)}]")


@app.command()
def apply(
    tags: Annotated[str, typer.Argument(metavar='"TAG TAG …"', help="Raw tags, separated by spaces.")],
    rulebook: _Source = "default",
    json_output: _Json = False,
) -> None:
    """Say which classes the raw tags of a picture make true, and why.

    Example: inkpose rulebook apply "1girl solo silver_hair serafuku black_thighhighs"
    """
    from shared.rulebook.rulebook import load_rulebook

    told = load_rulebook(rulebook).explain_tags(tags.split())
    if json_output:
        _print_json(
            {
                "true": [{"name": r.class_name, "group": r.group, "because": r.because} for r in told.true],
                "forbidden": [{"name": r.class_name, "because": r.because} for r in told.forbidden],
                "unused": told.unused,
                "unknown": told.unknown,
            }
        )
        return
    for reason in told.true:
        typer.echo(f"{reason.group:<8} {reason.class_name:<24} {_because(reason)}")
    for reason in told.forbidden:
        typer.echo(f"forbidden {reason.class_name}: {_because(reason)}")
    for title, names in (("of no class", told.unused), ("not in the vocabulary", told.unknown)):
        if names:
            typer.echo(f"{title}: {' '.join(names)}")


@app.command()
def stats(
    metadata: Annotated[list[Path], typer.Argument(metavar="METADATA…", help="Metadata files or folders.")],
    rulebook: _Source = "default",
    rating: Annotated[
        list[str] | None,
        typer.Option(
            help="Count only safe, general, sensitive, questionable or explicit posts. Default: the first three."
        ),
    ] = None,
    rating_scheme: Annotated[
        str, typer.Option(help="What the letter s means: before_2022 (safe), since_2022 (sensitive), or auto.")
    ] = "auto",
    csv_path: Annotated[
        Path | None, typer.Option("--csv", help="Write class,group,posts,fraction to this file.")
    ] = None,
    json_output: _Json = False,
) -> None:
    """Count the classes over the posts of metadata files and folders, of any era.

    Example: inkpose rulebook stats data/demo/drawn/metadata/posts.jsonl
    """
    from shared.readers.ratings import SAFE_FOR_WORK, as_ratings, as_scheme
    from shared.rulebook.counts import count_classes, write_counts
    from shared.rulebook.rulebook import load_rulebook

    book = load_rulebook(rulebook)
    ratings = as_ratings(rating) if rating else SAFE_FOR_WORK
    counts = count_classes(book, metadata, ratings, as_scheme(rating_scheme))
    if csv_path:
        write_counts(csv_path, book, counts)
    if json_output:
        _print_json({"posts": counts.posts, "dropped": counts.dropped, "classes": counts.by_name(book)})
        return
    left_out = ", ".join(f"{count} {reason}" for reason, count in counts.dropped.most_common()) or "none"
    typer.echo(f"{counts.posts} posts counted; left out: {left_out}")
    typer.echo(f"{counts.present} of {len(book)} classes occur; median fraction over all classes {counts.median:.3%}")
    typer.echo(f"classes a post: {counts.labels_per_post:.1f}")
    for name, positives in counts.most_frequent(book, 30):
        typer.echo(f"  {name:<28} {positives:>9} {positives / max(counts.posts, 1):>8.2%}")


@app.command()
def check(
    rulebook: _Source = "default",
    classes: Annotated[bool, typer.Option("--classes", help="List every class with its frequency.")] = False,
    json_output: _Json = False,
) -> None:
    """Check a rulebook, and print its sizes and class frequencies.

    Example: inkpose rulebook check --classes
    """
    from shared.rulebook.frequency import POSTS_2021, class_bounds, median_fraction
    from shared.rulebook.meaning import dead_names
    from shared.rulebook.rulebook import load_rulebook
    from shared.rulebook.rules import GROUPS

    book = load_rulebook(rulebook)
    sizes = {group: book.class_groups.count(group) for group in GROUPS}
    all_bounds = class_bounds(book)
    low, high = median_fraction(all_bounds)
    rarest = min(range(len(book)), key=lambda index: all_bounds[index].upper)
    if json_output:
        named = zip(book.class_names, all_bounds, strict=True)
        _print_json(
            {
                "classes": len(book),
                "groups": sizes,
                "median_fraction": [low, high],
                "posts_2021": {name: [bounds.lower, bounds.upper] for name, bounds in named},
            }
        )
        return
    parts = " + ".join(f"{size} {group}" for group, size in sizes.items())
    typer.echo(f"{parts} = {len(book)} classes, from {sum(1 for _ in book.effects())} raw tag names")
    typer.echo(f"posts of 2021 in which a class is true, of {POSTS_2021:,} (largest tag … sum of the tags):")
    typer.echo(f"  median class {low:.2%} … {high:.2%}")
    typer.echo(
        f"  rarest class {book.class_names[rarest]}: "
        f"{all_bounds[rarest].lower_fraction:.3%} … {all_bounds[rarest].upper_fraction:.3%}"
    )
    for group in GROUPS:
        of_group = [each for each, its in zip(all_bounds, book.class_groups, strict=True) if its == group]
        if of_group:
            low, high = median_fraction(of_group)
            typer.echo(f"  median of {group} {low:.2%} … {high:.2%}")
    dead = list(dead_names(book.rules, book.vocabulary))
    typer.echo(f"old names without their successor: {len(dead)}")
    for line in dead:
        typer.echo(f"  {line}")
    if classes:
        for name, group, bounds in zip(book.class_names, book.class_groups, all_bounds, strict=True):
            typer.echo(f"{group:<8} {name:<28} {bounds.lower:>9} … {bounds.upper:>9}")


def _because(reason: Reason) -> str:
    return "; ".join(reason.because) or "implied"


def _count(posts: int | None) -> str:
    return "-" if posts is None else str(posts)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
