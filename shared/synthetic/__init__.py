"""Procedural characters and scenes, written in the same on-disk formats as real data."""
