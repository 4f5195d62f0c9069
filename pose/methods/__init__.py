"""One folder a published pose method; methods never import each other."""
