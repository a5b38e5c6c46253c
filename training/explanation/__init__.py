"""What drives a model: contributions by biomarker, how firm their order is, what availability alone gives."""
