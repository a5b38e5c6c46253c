"""Who may ask: API keys, of which only hashes are kept, and signed tokens of issuers that the operator names."""
