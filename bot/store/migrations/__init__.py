"""The history of the tables. Add the next revision to `versions` and its number to `upgrading.HEAD`."""
