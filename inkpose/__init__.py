"""Command-line application of inkpose: it composes tagger, segmenter and pose."""
