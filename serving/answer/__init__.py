"""What is said of one person: columns, reasons, published scores, warnings."""
