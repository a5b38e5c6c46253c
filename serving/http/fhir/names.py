"""Names of ours in FHIR and CDS Hooks: they tell code systems and extensions apart, and are no addresses (RFC 6761: `.invalid`)."""

_OURS = "https://myeloma-precursor-risk.invalid/fhir"
INTERVAL = f"{_OURS}/StructureDefinition/model-interval"
MODELS, OUTCOMES, REASONS, CARDS = (f"{_OURS}/CodeSystem/{name}" for name in ("model", "outcome", "reason", "card"))
IDENTITIES = f"{_OURS}/RiskAssessment"
