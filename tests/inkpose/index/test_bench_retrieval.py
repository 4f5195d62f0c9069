import pytest

from inkpose.bench import retrieval


@pytest.mark.slow
def test_a_fresh_process_finds_what_brute_force_finds(tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval, "COUNT", 400)
    monkeypatch.setattr(retrieval, "_DRAWN", 12)
    monkeypatch.setattr(retrieval, "_QUERIES", 6)
    rows = list(retrieval.rows(tmp_path))
    assert len(rows) == 5
    # So few are all compared: nothing may be missed, without a tag, with a common one and with a rare one.
    assert sum("recall@10 1.000" in row.name for row in rows) == 3
    assert all(row.ours > 0 and row.baseline > 0 for row in rows)
