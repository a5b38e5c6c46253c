"""Early treatment of smoldering myeloma: who could have entered the trial of daratumumab, and what its effect would mean for a risk."""
