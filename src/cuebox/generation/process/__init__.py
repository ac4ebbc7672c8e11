"""The engine process: its loop, what is said over its socket, and the generators that speak to it."""
