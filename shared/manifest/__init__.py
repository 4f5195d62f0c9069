"""Manifests: one Parquet file that says which pictures a tagger trains on, where they lie and what is true of them."""
