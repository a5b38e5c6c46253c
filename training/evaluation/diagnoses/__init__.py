"""What is noticed about a fit, each under a stable code: how it is found, why it matters, what to do; muted by code, with a reason."""
