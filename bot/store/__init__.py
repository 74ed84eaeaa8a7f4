"""The only modules that speak SQL: one module a noun, plain functions over a connection."""
