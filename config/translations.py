"""The English wording: collect what is to be translated, compile it, check that it is whole.

Chinese is the language of the texts in the code, so English is the only catalogue.
``python -m config.translations collect | compile | check``. Collecting and checking need
GNU gettext; compiling does not, so that a machine without it can run the site.
"""

import os
import sys
import tempfile
from pathlib import Path

import polib

LOCALE = Path(__file__).parent / "locale"
CATALOGUE = Path("en", "LC_MESSAGES", "django.po")
# "locale" too: makemessages writes into any folder of that name that it meets, and a check
# that collects elsewhere would overwrite the catalogue.
NOT_OURS = [".venv", "node_modules", "var", "tests", "docs", "locale"]

Key = tuple[str | None, str, str]


def main(arguments: list[str]) -> int:
    """Exit 0 when done, 1 with findings, 2 for wrong use."""
    match arguments:
        case ["collect"]:
            _collect(LOCALE)
        case ["compile"]:
            catalogue = LOCALE / CATALOGUE
            polib.pofile(str(catalogue)).save_as_mofile(str(catalogue.with_suffix(".mo")))
        case ["check"]:
            findings = check()
            for finding in findings:
                print(finding, file=sys.stderr)
            return 1 if findings else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def check() -> list[str]:
    """What is missing, unsure or left over in the English catalogue, a line each."""
    ours = polib.pofile(str(LOCALE / CATALOGUE))
    findings = [f"not translated: {entry.msgid}" for entry in ours.untranslated_entries()]
    findings += [f"marked fuzzy: {entry.msgid}" for entry in ours.fuzzy_entries()]
    with tempfile.TemporaryDirectory() as folder:
        _collect(Path(folder))
        wanted = _keys(polib.pofile(str(Path(folder) / CATALOGUE)))
    known = _keys(ours)
    findings += [f"not collected (run `make messages`): {key[1]}" for key in wanted - known]
    findings += [f"no longer used (run `make messages`): {key[1]}" for key in known - wanted]
    return sorted(findings)


def _collect(locale: Path) -> None:
    """Bring the catalogue below ``locale`` up to the texts in code and templates."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.LOCALE_PATHS = [locale]
    locale.mkdir(exist_ok=True)
    call_command(
        "makemessages",
        locale=["en"],
        ignore_patterns=NOT_OURS,
        no_location=True,  # line numbers would change with every edit
        no_obsolete=True,
        no_wrap=True,
        verbosity=0,
    )
    # The day of collecting says nothing, and differs each time.
    catalogue = polib.pofile(str(locale / CATALOGUE), wrapwidth=0)
    for name in ("POT-Creation-Date", "PO-Revision-Date", "Report-Msgid-Bugs-To"):
        catalogue.metadata.pop(name, None)
    catalogue.metadata.update({"Language": "en", "Project-Id-Version": "Groundbreak"})
    for name in ("Last-Translator", "Language-Team"):
        catalogue.metadata.pop(name, None)
    catalogue.header = "English wording of Groundbreak; Chinese is the wording in the code."
    catalogue.metadata_is_fuzzy = False
    catalogue.save()


def _keys(catalogue: polib.POFile) -> set[Key]:
    return {(e.msgctxt, e.msgid, e.msgid_plural) for e in catalogue if not e.obsolete}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
