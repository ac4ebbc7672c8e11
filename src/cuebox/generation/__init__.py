"""Generation: which token comes next, for whom, and where its keys and values live."""
