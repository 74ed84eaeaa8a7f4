"""Length, links, cleaning and fitting of text: pure functions, no I/O."""
