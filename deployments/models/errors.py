"""What can go wrong while models are built: every message is one line that says what to look at."""


class ModelBuildError(Exception):
    """A model cannot be built or read."""


class CatalogueError(ModelBuildError):
    """A `source.yaml` says something that it may not say."""


class FetchError(ModelBuildError):
    """A source file cannot be had, or is not the file that the catalogue means."""


class EngineError(ModelBuildError):
    """A graph cannot become an engine here, or an engine is not the one that is wanted."""
