"""The only modules that talk to X and Facebook."""
