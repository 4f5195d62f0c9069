"""Pairs of functions that turn keypoints into what a net predicts, and back."""
