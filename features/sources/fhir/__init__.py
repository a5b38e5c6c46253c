"""FHIR R4 resources, from Bundles or Bulk Data, as rows of the canonical tables."""
