"""How long figures, pages and imports take, beside the least that each could take.

``make bench``. Each measurement alternates with its floor in the same process, on the same
data, so that a busy machine slows both and the ratio stays. The floors:

- roll-up: the same sums by hand-written SQL, from a covering index on a narrow table;
- cockpit: a view with nothing but a session and a user that runs that SQL;
- list: such a view that counts the projects and reads 25 of them;
- import: Django's ``bulk_create`` of the very rows that the import wrote.
"""

import datetime as dt

# What is asked for: the last whole year of the invented projects.
YEAR = 2025
LAST_DAY = dt.date(2025, 12, 31)
