"""The rehearsal X and Facebook: a real HTTP server that the real client libraries talk to unchanged."""
