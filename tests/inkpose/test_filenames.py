import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from hypothesis import given
from hypothesis import strategies as st

from inkpose.filenames import one_line, result_names


@dataclass(frozen=True)
class At:
    path: Path
    relative: PurePath


def below(root: str, *names: str) -> list[At]:
    return [At(Path(root) / name, PurePath(name)) for name in names]


def names(found) -> list[str]:
    return [name.as_posix() for name in result_names(found)]


def test_tree_and_stem_are_kept():
    assert names(below("pics", "a.png", "sub/b.jpg", "sub/deep/c.d.webp")) == ["a", "sub/b", "sub/deep/c.d"]


def test_shared_stem_takes_the_full_name_of_both_only():
    assert names(below("pics", "a.png", "a.jpg", "b.png", "x/a.png")) == ["a.png", "a.jpg", "b", "x/a"]


def test_case_counts_as_equal():
    assert names(below("pics", "A.png", "a.jpg")) == ["A.png", "a.jpg"]


def test_full_name_that_is_another_ones_stem():
    result = names(below("pics", "a.png", "a.jpg", "a.png.webp"))
    assert result == ["a.png", "a.jpg", "a.png.webp"]


def test_equal_names_of_two_folders_are_told_apart_by_folder():
    found = below("/data/one", "a.png", "only.png") + below("/data/two", "a.png") + below("/data/three", "z.png")
    assert names(found) == ["one/a", "one/only", "two/a", "z"]


def test_folders_of_equal_name_need_their_parents():
    found = below("/x/imgs", "a.png") + below("/y/imgs", "a.png")
    assert names(found) == ["x/imgs/a", "y/imgs/a"]


def test_input_above_the_working_folder_stays_below_out():
    found = below("../one", "a.png") + below("../two", "a.png")
    assert all(".." not in name.parts and not name.is_absolute() for name in result_names(found))


def test_folder_called_like_a_result_file():
    result = names(below("pics", "x.jpg", "x.png/y.png", "z.jpg", "z.0.png/y.png"))
    files = {f"{name}.png" for name in result} | {f"{name}.0.png" for name in result}
    folders = {parent.as_posix() for name in result for parent in PurePath(name).parents}
    assert not files & folders


def test_long_names_leave_room_for_endings_and_stay_distinct():
    result = names(below("pics", "あ" * 82 + "1.png", "あ" * 82 + "2.png"))
    assert len(set(result)) == 2
    assert all(len(os.fsencode(name)) <= 200 for name in result)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["/r/one", "/r/two", "/q/one", "/q"]),
            st.lists(st.sampled_from(["a", "A", "a.png", "b", "a~2"]), max_size=2).map(tuple),
            st.sampled_from(["a", "a.png", "A", "a.0"]),
            st.sampled_from([".png", ".jpg", ".PNG"]),
        ),
        unique=True,
        max_size=12,
    )
)
def test_names_are_always_distinct(parts):
    found = [At(Path(root, *dirs, stem + ext), PurePath(*dirs, stem + ext)) for root, dirs, stem, ext in parts]
    keys = [name.as_posix().casefold() for name in result_names(found)]
    assert len(set(keys)) == len(keys)


def test_one_line_escapes_controls_and_surrogates():
    assert one_line("a\nb\x1b[31m\udcff") == "a b\\x1b[31m\\udcff"
    assert one_line("日本 ✓") == "日本 ✓"
