"""A Mask R-CNN: from the published Inception-ResNet-v2 network to a small one of objmask's own."""
