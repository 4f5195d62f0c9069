"""Pose estimation of illustrated characters by transfer from frozen sources."""
