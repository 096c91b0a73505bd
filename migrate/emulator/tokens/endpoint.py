"""The v2.0 token endpoint for the client-credentials grant.

Source: page "Microsoft identity platform and the OAuth 2.0 client credentials flow". Assumed is the order in which
the parts of a request are checked where several are wrong.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from migrate.emulator.state.records import Application, PasswordCredential, Resource, ServicePrincipal
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens import assertions
from migrate.emulator.tokens.issue import TokenIssuer
from migrate.emulator.tokens.keys import APP_TOKEN_LIFE, SigningKeys
from migrate.emulator.tokens.logbook import note_application
from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOST_FIELDS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token request as it arrived."""

    tenant_name: str
    form: Mapping[str, str] = field(repr=False)
    host: str
    ip_address: str
    correlation_id: str


def parse_form(body: bytes, authorization: str | None) -> dict[str, str]:
    """Read a form-encoded body; HTTP Basic (RFC 6749 section 2.3.1) stands for client_id and client_secret."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        pairs = []
    form = dict(reversed(pairs))  # of a repeated field the first counts
    kind, _, encoded = (authorization or "").partition(" ")
    if kind.lower() == "basic":
        form |= _basic(encoded.strip())
    return form


def _basic(encoded: str) -> dict[str, str]:
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return {}
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}


class TokenEndpoint:
    """Judges token requests, issues tokens and writes the sign-in log."""

    def __init__(self, tenant: Tenant, keys: SigningKeys, issuer: TokenIssuer) -> None:
        self._tenant = tenant
        self._keys = keys
        self._issuer = issuer

    def answer(self, request: TokenRequest) -> dict[str, Any]:
        """Give the body of a successful answer, or raise RefusedError."""
        check_tenant(self._tenant, request.tenant_name)
        _require(request.form, "grant_type")
        if request.form["grant_type"] != "client_credentials":
            raise RefusedError(Refusal.UNSUPPORTED_GRANT, grant=request.form["grant_type"])
        _require(request.form, "client_id", "scope")
        application = self._application(request.form["client_id"])
        resource: Resource | None = None
        presented = Presented()
        try:
            resource = self._resource(request.form["scope"])
            principal = self._tenant.service_principals.with_app_id(application.app_id)
            presented = self._authenticate(application, principal, request)
            principal = self._admit(application, principal, presented)
        except RefusedError as refused:
            self._note(request, application, resource, refused.presented, refused=refused)
            raise
        by_secret = presented.credential_type == "clientSecret"
        token, token_id = self._issuer.for_application(principal, resource, by_secret=by_secret)
        self._note(request, application, resource, presented, token_id=token_id)
        return {
            "token_type": "Bearer",
            "expires_in": APP_TOKEN_LIFE - 1,
            "ext_expires_in": APP_TOKEN_LIFE - 1,
            "access_token": token,
        }

    def _note(
        self,
        request: TokenRequest,
        application: Application,
        resource: Resource | None,
        presented: Presented,
        *,
        token_id: str = "",
        refused: RefusedError | None = None,
    ) -> None:
        note_application(
            self._tenant,
            application,
            resource,
            presented,
            ip_address=request.ip_address,
            correlation_id=request.correlation_id,
            token_id=token_id,
            refused=refused,
        )

    def _application(self, client_id: str) -> Application:
        found = self._tenant.applications.with_app_id(client_id)
        if found is not None:
            return found
        principal = self._tenant.service_principals.with_app_id(client_id)
        if principal is not None and principal.type == "Application":
            # Registered in another tenant: here it has nothing but its service principal and the credentials on that.
            created = principal.created or self._tenant.clock.start
            return Application(id="", app_id=principal.app_id, display_name=principal.display_name, created=created)
        # Recorded: a made-up GUID gets 700038. Assumed: 700016 is left for names that were or could be an application's
        # (a deleted one, one that is not a GUID), as older reports show it.
        known = self._tenant.deleted_applications.with_app_id(client_id)
        if known is None and _GUID.fullmatch(client_id):
            raise RefusedError(Refusal.NOT_AN_APPLICATION, app=client_id)
        raise RefusedError(Refusal.NOT_IN_DIRECTORY, app=client_id, tenant=self._tenant.display_name)

    def _resource(self, scope: str) -> Resource:
        if len(scope.split()) != 1:
            raise RefusedError(Refusal.SCOPE_NOT_VALID, scope=scope)
        name, slash, last = scope.rpartition("/")
        resource = self._tenant.resource_named(name)
        if slash and last == ".default" and resource is not None:
            return resource
        # A known resource without the suffix is a wrong scope; anything else is taken whole for a resource's name, as
        # the recorded answer to "api://AzureADTokenExchange./default" shows.
        if last != ".default" and (resource or self._tenant.resource_named(scope)):
            raise RefusedError(Refusal.SCOPE_NOT_DEFAULT, scope=scope)
        named = name if last == ".default" else scope
        raise RefusedError(Refusal.UNKNOWN_RESOURCE, resource=named, tenant=self._tenant.display_name)

    def _authenticate(
        self, application: Application, principal: ServicePrincipal | None, request: TokenRequest
    ) -> Presented:
        secret, assertion = request.form.get("client_secret"), request.form.get("client_assertion")
        if secret is None and assertion is None:
            raise RefusedError(Refusal.NO_CREDENTIAL)
        if secret is not None and assertion is not None:
            raise RefusedError(Refusal.TWO_CREDENTIALS)
        if not (secret or assertion):
            raise RefusedError(Refusal.EMPTY_CREDENTIAL)
        if secret is not None:
            return self._by_secret(application, principal, secret)
        _require(request.form, "client_assertion_type")
        if request.form["client_assertion_type"] != ASSERTION_TYPE:
            raise RefusedError(Refusal.NO_CREDENTIAL)
        return self._by_assertion(application, principal, assertion or "", request)

    def _by_secret(self, application: Application, principal: ServicePrincipal | None, secret: str) -> Presented:
        held = [(password, False) for password in application.passwords]
        held += [(password, True) for password in (principal.passwords if principal else ())]
        for password, on_principal in held:
            if hmac.compare_digest(password.secret.encode(), secret.encode("utf-8", "replace")):
                return self._matched(application, password, on_principal=on_principal)
        raise RefusedError(Refusal.WRONG_SECRET, Presented(credential_type="clientSecret"), app=application.app_id)

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

    def _by_assertion(
        self, application: Application, principal: ServicePrincipal | None, raw: str, request: TokenRequest
    ) -> Presented:
        assertion = assertions.parse(raw)
        if "://" in assertion.issuer:
            return assertions.verify_federated_assertion(self._tenant, self._keys, application, assertion)
        audiences = accepted_audiences(self._tenant, request.host, request.tenant_name)
        return assertions.verify_certificate_assertion(self._tenant, application, principal, assertion, audiences)

    def _admit(
        self, application: Application, principal: ServicePrincipal | None, presented: Presented
    ) -> ServicePrincipal:
        if principal is None:
            raise RefusedError(
                Refusal.NO_SERVICE_PRINCIPAL, presented, app=application.app_id, tenant=self._tenant.id
            )  # fmt: skip
        if application.is_disabled or not principal.account_enabled:
            raise RefusedError(
                Refusal.DISABLED, presented, app=application.app_id, name=application.display_name
            )  # fmt: skip
        return principal


def check_tenant(tenant: Tenant, name: str) -> None:
    """Refuse a tenant segment that does not name this tenant."""
    if name.lower() in ("common", "organizations", "consumers"):
        raise RefusedError(Refusal.NO_TENANT_NAMED)
    if not tenant.answers_to(name):
        raise RefusedError(Refusal.UNKNOWN_TENANT, tenant=name)


def accepted_audiences(tenant: Tenant, host: str, tenant_name: str) -> tuple[str, ...]:
    """List the audiences of a certificate assertion: token URLs as the client saw them and as the cloud calls them."""
    bases = [
        f"https://{name}/{segment}" for name in (host, tenant.cloud.login_host) for segment in (tenant_name, tenant.id)
    ]
    endings = ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/")
    return tuple(f"{base}{ending}" for base in bases for ending in endings)


def _require(form: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not form.get(name):
            raise RefusedError(Refusal.PARAMETER_MISSING, name=name)
