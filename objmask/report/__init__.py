"""The report: a glance at each video, and one page that shows them all."""
