"""Which files of the npm packages are ours to serve, and as what."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage, Storage

# Name under STATIC_URL: file below node_modules. Naming each file beats collecting whole
# packages: seconds instead of minutes, and nothing is served that no page uses.
VENDOR_FILES = {
    "vendor/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "vendor/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "vendor/bootstrap-icons.min.css": "bootstrap-icons/font/bootstrap-icons.min.css",
    "vendor/fonts/bootstrap-icons.woff2": "bootstrap-icons/font/fonts/bootstrap-icons.woff2",
    "vendor/fonts/bootstrap-icons.woff": "bootstrap-icons/font/fonts/bootstrap-icons.woff",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/echarts.min.js": "echarts/dist/echarts.min.js",
    "vendor/sortable.min.js": "sortablejs/Sortable.min.js",
}


class VendorFinder(BaseFinder):
    """Serves the files of ``VENDOR_FILES`` from ``settings.NODE_MODULES``."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The absolute path of a vendor file, or an empty list where it is none of ours."""
        source = VENDOR_FILES.get(path)
        file = Path(settings.NODE_MODULES, source) if source else None
        if file is None or not file.is_file():
            return []
        return [str(file)] if find_all else str(file)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every vendor file with the storage that it is copied from."""
        for name, source in VENDOR_FILES.items():
            yield name, _OneFile(name, Path(settings.NODE_MODULES, source))


class _OneFile(FileSystemStorage):
    """A storage in which one public name stands for one file on the disk."""

    def __init__(self, name: str, file: Path) -> None:
        super().__init__(location=file.parent)
        self._name, self._file = name, file

    def path(self, name: str) -> str:
        return str(self._file) if name == self._name else super().path(name)
