"""A report's content as HTML, PDF, DOCX and XLSX: four readings of the same values.

Each takes the content (``pipeline.reports.content``) and gives bytes; the same content always
gives the same bytes. None of them knows a figure that the content does not have.
"""
