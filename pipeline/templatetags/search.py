"""Words around what was found."""

from django import template

from pipeline.search import excerpt

register = template.Library()
register.filter("excerpt", excerpt)
