"""Measures of a classifier's scores. Nothing here knows recipes, files or ONNX."""
