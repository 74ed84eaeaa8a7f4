"""The command line: one module a family of commands, heavy libraries imported inside them."""
