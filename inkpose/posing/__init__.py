"""Poses of the characters of files and folders."""
