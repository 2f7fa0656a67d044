"""Static files under hashed names, compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names for everything but source maps.

    Third-party files end in a ``sourceMappingURL`` comment that names a map which we do not
    serve; Django would look for it and fail. So only the references inside style sheets that
    a browser loads, ``url()`` and ``@import``, are rewritten.
    """

    patterns = tuple(
        (glob, kept)
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
        if (kept := tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
    )
