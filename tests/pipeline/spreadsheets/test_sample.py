import json
from collections import Counter
from pathlib import Path

from tests.pipeline.spreadsheets.ledgers import codes, read

DATA = Path(__file__).parents[2] / "data"


def test_the_county_s_sample_comes_out_as_its_owner_expects():
    expected = json.loads((DATA / "ledger-2026.expected.json").read_text())["import"]
    ledger, events = read(DATA / "ledger-2026.xlsx")
    assert ledger.rows == expected["rows"]
    assert ledger.loaded == expected["loaded"]
    assert ledger.skipped == expected["skipped"]
    assert ledger.rejected == expected["rejected"]
    assert codes(events) == [(reject["row"], reject["code"]) for reject in expected["rejects"]]
    assert Counter(code for _, code in codes(events)) == expected["by_code"]
