"""Whom to treat early: what the model, a published score and a trial's eligibility would each prevent, and at what cost."""
