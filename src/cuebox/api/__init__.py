"""HTTP: routes and dialects, keys and limits, the protocol for slow clients, workers and drain."""
