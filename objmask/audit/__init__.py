"""Protected video beside its source, and searched again: what of the sensitive objects can still be seen."""
