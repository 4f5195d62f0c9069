"""The commands of `inkpose`, one a file: parse, call one function, print."""
