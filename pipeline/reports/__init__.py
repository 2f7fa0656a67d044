"""A bulletin (通报): from the figures to what goes out to the whole government.

``periods`` says what a report is about; ``numbers`` asks for every figure that it needs;
``tables`` and ``narrative`` write T1 to T8 and the sentences from them; ``content`` puts
them together; ``freezing`` is the report's life; ``difference`` compares two versions. What
a table holds are values, not words: ``wording`` alone turns them into text, so that the four
formats carry the same figures.
"""
