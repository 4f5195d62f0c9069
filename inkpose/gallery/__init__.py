"""The gallery: a local web page to look at pictures, to find poses and to keep the index."""
