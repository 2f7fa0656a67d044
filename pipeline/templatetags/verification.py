"""Words of the verifier's desk."""

from django import template

from pipeline.capitals import in_capitals

register = template.Library()
register.filter("in_capitals", in_capitals)
