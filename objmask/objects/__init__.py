"""Objects over time: tracks, filled gaps, and the corrections that people made."""
