"""The token endpoints for the client-credentials grant, v2.0 and v1.0.

Source: page "Microsoft identity platform and the OAuth 2.0 client credentials flow". Assumed is the order in which
the parts of a request are checked where several are wrong. ``client_info`` is ignored: it describes a user, and this
grant has none.
"""

import hmac
from collections.abc import Sequence
from typing import Any, Final

from migrate.emulator.state.purposes import Holder, is_for_signing
from migrate.emulator.state.records import Application, PasswordCredential, Resource
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens import assertions
from migrate.emulator.tokens.certificate_assertions import verify_certificate_assertion
from migrate.emulator.tokens.clients import Client, find_client
from migrate.emulator.tokens.federated_assertions import verify_federated_assertion
from migrate.emulator.tokens.issue import IssuedToken, TokenIssuer
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.tokens.logbook import Attempt, note_attempt
from migrate.emulator.tokens.outside import OutsideIssuers
from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError
from migrate.emulator.tokens.requests import (
    TokenRequest,
    accepted_audiences,
    capabilities,
    check_tenant,
    require,
    wanted_resource,
)

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenEndpoint:
    """Judges token requests, issues tokens and writes the sign-in log."""

    def __init__(self, tenant: Tenant, keys: SigningKeys, issuer: TokenIssuer, outside: OutsideIssuers) -> None:
        self._tenant = tenant
        self._keys = keys
        self._issuer = issuer
        self._outside = outside

    def answer(self, request: TokenRequest) -> dict[str, Any]:
        """Give the body of a successful answer, or raise RefusedError."""
        check_tenant(self._tenant, request.tenant_name)
        require(request.form, "grant_type")
        if request.form["grant_type"] != "client_credentials":
            raise RefusedError(Refusal.UNSUPPORTED_GRANT, grant=request.form["grant_type"][:100])
        require(request.form, "client_id", "scope" if request.version == "2.0" else "resource")
        asked = capabilities(request.form)
        client = find_client(self._tenant, request.form["client_id"])
        resource: Resource | None = None
        try:
            resource = wanted_resource(self._tenant, request)
            presented = self._authenticate(client, request)
            issued = self._issue(client, resource, presented, asked)
        except RefusedError as refused:
            self._note(request, client, resource, refused.presented, refused=refused)
            raise
        self._note(request, client, resource, presented, token_id=issued.token_id)
        return self._body(request, issued)

    def _issue(self, client: Client, resource: Resource, presented: Presented, asked: Sequence[str]) -> IssuedToken:
        principal = client.admitted(presented, self._tenant.id)
        federated = presented.credential_type == "federatedIdentityCredential"
        if client.identity is not None:
            return self._issuer.for_identity(
                principal, client.identity, resource, by_federation=federated, capabilities=asked
            )
        by_secret = presented.credential_type == "clientSecret"
        return self._issuer.for_application(
            principal, resource, by_secret=by_secret, by_federation=federated, capabilities=asked
        )

    def _body(self, request: TokenRequest, issued: IssuedToken) -> dict[str, Any]:
        signed = issued.signed
        lasts = signed.expires_on - self._tenant.clock.timestamp() - 1
        if request.version == "2.0":
            times: dict[str, Any] = {"expires_in": lasts, "ext_expires_in": lasts}
            return {"token_type": "Bearer", **times, "access_token": signed.token}
        return {
            "token_type": "Bearer",
            "expires_in": str(lasts),
            "ext_expires_in": str(lasts),
            "expires_on": str(signed.expires_on),
            "not_before": str(signed.not_before),
            "resource": request.form["resource"],
            "access_token": signed.token,
        }

    def _note(
        self,
        request: TokenRequest,
        client: Client,
        resource: Resource | None,
        presented: Presented,
        *,
        token_id: str = "",
        refused: RefusedError | None = None,
    ) -> None:
        attempt = Attempt(
            presented=presented,
            ip_address=request.ip_address,
            correlation_id=request.correlation_id,
            token_id=token_id,
            refused=refused,
        )
        note_attempt(self._tenant, client, resource, attempt)

    def _authenticate(self, client: Client, request: TokenRequest) -> Presented:
        secret, assertion = request.form.get("client_secret"), request.form.get("client_assertion")
        if secret is None and assertion is None:
            raise RefusedError(Refusal.NO_CREDENTIAL)
        if secret is not None and assertion is not None:
            raise RefusedError(Refusal.TWO_CREDENTIALS)
        if not (secret or assertion):
            raise RefusedError(Refusal.EMPTY_CREDENTIAL)
        if secret is not None:
            return self._by_secret(client, secret)
        require(request.form, "client_assertion_type")
        if request.form["client_assertion_type"] != ASSERTION_TYPE:
            raise RefusedError(Refusal.NO_CREDENTIAL)
        return self._by_assertion(client, assertion or "", request)

    def _by_secret(self, client: Client, secret: str) -> Presented:
        keeper = client.keeper_of_keys
        holders: tuple[Holder, ...] = (client.application,) if keeper is None else (client.application, keeper)
        for holder in holders:
            for password in holder.passwords:
                same = hmac.compare_digest(password.secret.encode(), secret.encode("utf-8", "replace"))
                if same and not is_for_signing(holder, password):
                    return self._matched(client.application, password, on_principal=holder is keeper)
        app_id = client.application.app_id
        raise RefusedError(Refusal.WRONG_SECRET, Presented(credential_type="clientSecret"), app=app_id)

    def _matched(self, application: Application, password: PasswordCredential, *, on_principal: bool) -> Presented:
        presented = Presented(
            credential_type="clientSecret", key_id=password.key_id, on_service_principal=on_principal
        )  # fmt: skip
        now = self._tenant.clock.now()
        if now >= password.end:
            raise RefusedError(Refusal.EXPIRED_SECRET, presented, app=application.app_id)
        if now < password.start:
            raise RefusedError(Refusal.WRONG_SECRET, presented, app=application.app_id)
        return presented

    def _by_assertion(self, client: Client, raw: str, request: TokenRequest) -> Presented:
        assertion = assertions.parse(raw)
        if "://" in assertion.issuer:
            return verify_federated_assertion(self._tenant, self._keys, self._outside, client.application, assertion)
        audiences = accepted_audiences(self._tenant, request.host, request.tenant_name)
        keeper = client.keeper_of_keys
        return verify_certificate_assertion(self._tenant, client.application, keeper, assertion, audiences)
