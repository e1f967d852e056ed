"""Moments that somebody should look at, worst first, and what to write down about them."""
