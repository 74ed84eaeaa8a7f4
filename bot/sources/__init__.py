"""Where articles come from: one module a kind of source, each giving articles and nothing else."""
