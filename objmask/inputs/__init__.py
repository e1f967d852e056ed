"""Which videos a run is about: found, named, identified by their bytes, cut into chunks, known to be unusable."""
