"""`inkpose segment`: pictures to masks, cut-outs and boxes."""
