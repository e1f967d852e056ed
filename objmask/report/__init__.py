"""The report: a summary of each video, and one page that shows them all."""
