"""Trains a churn-type classifier on raw columns and writes a model package (DESIGN section 2.2)."""
