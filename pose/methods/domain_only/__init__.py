"""Domain only: the tagger's features and a head, without any knowledge of bodies."""
