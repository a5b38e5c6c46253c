"""Rules of treated disease: response, measurable residual disease, quality of life, and what they say together."""
