"""The folder tagger: which tags of a prediction are told, how they are spelled, and the files they go to."""
