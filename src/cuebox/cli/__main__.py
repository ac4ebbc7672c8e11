"""`python -m cuebox.cli`."""

from cuebox.cli.main import main

main()
