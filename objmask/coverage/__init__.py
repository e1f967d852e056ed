"""How much of the picture each group fills: frame by frame, summed up over videos, beside the ground truth."""
