"""What was suggested and what became of it, written off the request's path.

`open_log` gives the server's side (`core.ports.InferenceLog`), `read_log` the other: tomorrow's
training data. SQLAlchemy is imported by the writer thread and by readers, never before.
"""
