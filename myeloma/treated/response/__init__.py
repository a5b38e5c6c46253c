"""IMWG response to therapy, from assessments of many people: by visit as known then, in retrospect, and with its evidence."""
