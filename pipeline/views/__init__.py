"""The pages: each loads what its reader may see, calls one verb, and answers."""
