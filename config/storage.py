"""Static files under hashed names, compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_parent_patterns = CompressedManifestStaticFilesStorage.patterns


def _without_source_maps() -> tuple[tuple[str, tuple[object, ...]], ...]:
    kept = (
        (glob, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for glob, rules in _parent_patterns
    )
    return tuple((glob, rules) for glob, rules in kept if rules)


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names for everything but source maps.

    Third-party files end in a ``sourceMappingURL`` comment that names a map which we do not
    serve; Django would look for it and fail. So only the references that a browser loads,
    ``url()`` and ``@import`` in style sheets, are rewritten.
    """

    patterns = _without_source_maps()
