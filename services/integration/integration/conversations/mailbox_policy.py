"""Whose mails are told on. Versioned."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# "li@hospital.cn", or "@hospital.cn" for everybody there.
Address = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^@\s]*@[^@\s]+$")]


class MailboxPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Address or domain → customer id.
    customers: dict[Address, str] = Field(default_factory=dict)
    # Addresses and domains that are ours beside those of the directory, such as sales@ and @company.cn.
    ours: tuple[Address, ...] = ()
    # Mails of people outside whom nobody named are told on too, by their address alone.
    tell_unknown: bool = False
