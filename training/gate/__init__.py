"""What a verdict rests on beside the logged figures: the registered artifact on held-out people, and the champion there."""
