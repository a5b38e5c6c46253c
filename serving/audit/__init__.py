"""The audit log: what was answered when, by which model, to which program; chained under a key of the operator; of whom it never says."""
