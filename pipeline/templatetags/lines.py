"""What the lines of lists offer."""

from django import template

from pipeline.follow_ups import may_change

register = template.Library()
register.filter("changeable_by", may_change)
