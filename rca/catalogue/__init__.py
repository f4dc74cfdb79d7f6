"""What the vendors' error codes mean: project data, read once, looked up in microseconds."""

from rca.catalogue.loader import Catalogue, CatalogueError, Entry, load_catalogue

__all__ = ["Catalogue", "CatalogueError", "Entry", "load_catalogue"]
