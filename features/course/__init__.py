"""The course of treated people, visit by visit: response, residual disease, quality of life, the spectrum. Rules only, no model."""
