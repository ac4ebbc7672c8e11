"""A package, so that its browser is gone before the tests of the next folder begin."""
