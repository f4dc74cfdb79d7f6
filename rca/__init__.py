"""Evidence, analyses, providers, the error catalogue and their evaluation."""
