"""What the rules of treated disease say of a history: response, residual disease, therapy, each as known by a day."""
