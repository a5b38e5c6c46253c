"""FHIR R4 at the edge: a Bundle becomes a history, an answer becomes a RiskAssessment, a refusal an OperationOutcome."""
