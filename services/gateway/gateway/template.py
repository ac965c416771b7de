"""Addresses of RPCs: `/api/v1/leads/{lead_id}:accept`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from google.protobuf.descriptor import Descriptor
from starlette.convertors import Convertor, register_url_convertor

from chassis.config import ConfigError
from gateway.names import camel

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WHOLE = re.compile(r"(/([a-z0-9.-]+|\{[a-z][a-z0-9_]*\}))+(:[a-z-]+)?")


SHAPE = "One looks like /api/v1/leads/{lead_id}:take-back, without capitals or underscores outside the braces."


class Segment(Convertor[str]):
    """One part of a path. No colon, or `/leads/{lead_id}` would swallow `/leads/abc:grade`."""

    regex = "[^/:]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("segment", Segment())


@dataclass(frozen=True)
class Template:
    text: str

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The request's fields that stand in the path."""
        return tuple(_VARIABLE.findall(self.text))

    @property
    def shape(self) -> str:
        """The same for templates that match the same addresses."""
        return _VARIABLE.sub("{}", self.text)

    @property
    def route(self) -> str:
        return _VARIABLE.sub(r"{\1:segment}", self.text)

    @property
    def rest(self) -> str:
        """As the documentation writes it: `/api/v1/leads/{leadId}:accept`."""
        return _VARIABLE.sub(lambda found: "{" + camel(found[1]) + "}", self.text)

    @property
    def can_be_served(self) -> bool:
        return _WHOLE.fullmatch(self.text) is not None

    def check(self, name: str, request: Descriptor) -> None:
        """Raises ConfigError when a variable is no plain field of the request."""
        if not self.can_be_served:
            raise ConfigError(f"{name}: the address {self.text} can't be served. {SHAPE}")
        for field in self.fields:
            found = request.fields_by_name.get(field)
            if found is None or found.message_type is not None or found.is_repeated:
                raise ConfigError(f"{name}: {{{field}}} is no plain field of {request.name}.")
