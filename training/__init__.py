"""Feature tables in; fitted, calibrated, evaluated, explained and registered models out."""
