"""Failures that a caller treats differently. Each maps to its own exit code in `__main__`."""


class RecipeError(Exception):
    """The recipe is not usable. The message names the field."""


class DataError(Exception):
    """The data does not keep what the recipe says of it. The message names row and column. Retrying does not help."""


class ExportError(Exception):
    """The ONNX graph is not the same model as the fitted pipeline, or must not be served."""


class PackageError(Exception):
    """A model package on disk is not what its card says."""
