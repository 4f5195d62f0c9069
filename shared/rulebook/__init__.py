"""Raw Danbooru tags to explicit classes: the rulebook's files, its parser, its filter and its explanations."""
