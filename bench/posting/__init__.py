"""How fast Nightdesk posts: the way from the queue to the platform and into the log, against the bare client libraries.

All contenders of a row call the same tiny server, one after the other, each in a process of its own; what counts is
the ratio between two that followed each other. `races` has the rows, `desk` and `bare` are the contenders.
"""
