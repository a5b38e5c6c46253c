"""Where champions lie: the MLflow store, its address, and what is said when it is in trouble."""
