"""How fast Nightdesk's text engine is, measured beside its peers in one run: `make bench`, or `python -m bench`.

Nothing here is part of the product. Each peer lives in a folder of its own under `.peers/`, made at the first run.
"""
