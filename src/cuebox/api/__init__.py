"""HTTP: routes, errors, authentication, limits, OpenAPI."""
