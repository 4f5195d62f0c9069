"""Prediction in many parts, each a Parquet file written by whoever has time: this process, or Ray's actors."""
