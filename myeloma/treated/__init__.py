"""Rules of treated disease: response, minimal residual disease, quality of life. Pure: scalars and arrays, no table layout."""
