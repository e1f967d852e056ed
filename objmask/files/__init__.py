"""Files that are whole or absent, and the formats that steps hand to each other: JSON, CSV, Parquet."""
