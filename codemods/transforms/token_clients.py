"""Clients of other services that ask Entra for a token by themselves, with a secret among their settings: reported.

Kafka (librdkafka): https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
Snowflake: https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-connect
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.provider import is_elsewhere
from codemods.transform import Found, Report, Transform

_KAFKA, _KAFKA_ID = "sasl.oauthbearer.client.secret", "sasl.oauthbearer.client.id"
_KAFKA_ADDRESS = "sasl.oauthbearer.token.endpoint.url"
_SNOWFLAKE, _SNOWFLAKE_ID, _SNOWFLAKE_ADDRESS = "oauth_client_secret", "oauth_client_id", "oauth_token_request_url"
_CREDENTIAL = "ClientAssertionCredential(tenant_id, client_id, managed_identity_assertion)"
_KAFKA_TARGET = (
    f'{{"sasl.mechanisms": "OAUTHBEARER", "oauth_cb": f}}, where f gives a token of {_CREDENTIAL} and its end'
)
_SNOWFLAKE_TARGET = f'connect(authenticator="oauth", token={_CREDENTIAL}.get_token(SCOPE).token, ...)'


def _search(module: Module) -> Iterator[Found]:
    for node in module.dicts:
        fields = {module.constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
        yield from _of(module, node, fields)
    for call in module.calls:
        yield from _of(module, call, {item.arg: item.value for item in call.keywords})
    for text in module.strings:
        item = module.parents[text]
        if text.value == _KAFKA and isinstance(item, ast.Subscript) and isinstance(item.ctx, ast.Store):
            parent = module.parents[item]
            secret = parent.value if isinstance(parent, ast.Assign) else None
            yield _found(item, "Kafka", None, secret, _KAFKA_TARGET)


def _of(module: Module, node: ast.expr, fields: dict[str | None, ast.expr]) -> Iterator[Found]:
    """Report settings with a secret, unless their address is seen to be somebody else's."""
    if (secret := fields.get(_KAFKA)) is not None and not _goes_elsewhere(module, fields.get(_KAFKA_ADDRESS)):
        yield _found(node, "Kafka", fields.get(_KAFKA_ID), secret, _KAFKA_TARGET)
    secret, address = fields.get(_SNOWFLAKE), fields.get(_SNOWFLAKE_ADDRESS)
    if secret is not None and address is not None and not _goes_elsewhere(module, address):
        yield _found(node, "Snowflake", fields.get(_SNOWFLAKE_ID), secret, _SNOWFLAKE_TARGET)


def _goes_elsewhere(module: Module, address: ast.expr | None) -> bool:
    return address is not None and is_elsewhere(module, address)


def _found(node: ast.expr, construct: str, client: ast.expr | None, secret: ast.expr | None, target: str) -> Found:
    secrets = () if secret is None else (secret,)
    report = Report(reason=ReasonCode.OTHER_LIBRARY, client=client, secrets=secrets, target=target)
    return Found(node=node, construct=construct, report=report)


TRANSFORM = Transform(
    name="token-clients",
    literals=(_KAFKA.encode(), _SNOWFLAKE_ADDRESS.encode()),
    search=_search,
    evidence=((_KAFKA,), (_SNOWFLAKE, _SNOWFLAKE_ADDRESS)),
)
