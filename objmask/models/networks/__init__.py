"""The networks themselves: from pictures to a network's input, and from its outputs to detections, a module a kind."""
