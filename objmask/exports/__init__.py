"""What was found, in the formats of annotation tools and training programs."""
