"""What a result was made of: code, settings, versions and checksums, and whether it is still that result."""
