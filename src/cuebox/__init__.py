"""cuebox: one server and one life cycle for the transformer models of a product."""

__all__ = ["__version__"]

__version__ = "0.1.0"
