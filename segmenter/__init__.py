"""Character segmenter: cut-outs and bounding boxes."""
