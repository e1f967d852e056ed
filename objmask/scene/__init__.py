"""A rendered office: first-person pictures and clips whose every object's pixels are known exactly."""
