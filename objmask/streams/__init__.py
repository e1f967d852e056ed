"""Streams of items in little memory: made ahead in a thread, or looked at with their neighbours."""
