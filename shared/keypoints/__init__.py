"""Keypoint schemas, midpoints and mirror swaps."""
