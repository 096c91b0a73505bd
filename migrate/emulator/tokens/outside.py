"""Issuers other than Entra whose tokens federated credentials may trust: the clusters', and whichever a test needs.

Entra fetches an issuer's keys from its discovery document. The emulator reaches no other host, so it makes these
issuers itself and holds their keys; the tokens of an issuer that is none of them meet AADSTS501661. Claims and
lifetimes of a cluster's tokens follow the Kubernetes page "Managing Service Accounts" (bound tokens) and the AKS page
"Use a Microsoft Entra Workload ID": 3,600 to 86,400 seconds.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa

from migrate.emulator.errors import EmulatorError
from migrate.emulator.ids import fresh_guid, seeded_guid
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.keys import KeptKey, SigningKeys

SHORTEST: Final = 3_600
LONGEST: Final = 86_400


class OutsideIssuers:
    """Makes and verifies the tokens of outside issuers; each has an RSA key of its own, made at first need."""

    def __init__(self, tenant: Tenant, kept: Mapping[str, Sequence[KeptKey]] | None = None) -> None:
        self._tenant = tenant
        self._keys = {issuer: SigningKeys(tenant.clock, keys) for issuer, keys in (kept or {}).items()}
        self._lock = Lock()
        self._clusters: frozenset[str] = frozenset()
        self._seen = -1

    def issuers(self) -> tuple[str, ...]:
        """List the issuers that have keys."""
        with self._lock:
            return tuple(self._keys)

    def kept(self) -> dict[str, tuple[KeptKey, ...]]:
        """Give the keys for keeping them elsewhere, by issuer."""
        return {issuer: self._keys[issuer].kept() for issuer in self.issuers()}

    def knows(self, issuer: str) -> bool:
        """Whether the keys of an issuer can be had: a cluster's always, another's once it has issued a token."""
        revision = self._tenant.hosts.revision
        if self._seen != revision:
            self._clusters = frozenset(host.issuer_url for host in tuple(self._tenant.hosts.values()))
            self._seen = revision
        return issuer in self._keys or issuer in self._clusters

    def find(self, issuer: str, kid: object) -> rsa.RSAPublicKey | None:
        """Find a public key of an issuer by its id."""
        return self._of(issuer).find(kid)

    def public_keys(self, issuer: str) -> list[dict[str, str]]:
        """Give the entries of an issuer's JSON Web Key Set, as Kubernetes writes them."""
        wanted = ("use", "kty", "kid", "n", "e")
        return [{**{name: key[name] for name in wanted}, "alg": "RS256"} for key in self._of(issuer).public_keys("")]

    def token(
        self, *, issuer: str, subject: str, audience: str | list[str], life: int = SHORTEST, **claims: Any
    ) -> str:
        """Make a token of an issuer for a subject; ``life`` in seconds."""
        content = {"iss": issuer, "sub": subject, "aud": audience, "jti": fresh_guid(), **claims}
        return self._of(issuer).sign(content, life, version="2.0", backdate=0).token

    def service_account_token(
        self, cluster: str, *, namespace: str, service_account: str, audience: str = "", life: int = SHORTEST
    ) -> str:
        """Make the token that a cluster projects into a pod; EmulatorError for an unknown cluster or a wrong lifetime.

        ``audience`` is by default the cloud's exchange audience, as the workload-identity webhook asks for it.
        """
        issuer = self.issuer_of(cluster)
        if not SHORTEST <= life <= LONGEST:
            raise EmulatorError(f"a service-account token lives {SHORTEST} to {LONGEST} seconds, not {life}")
        if not namespace or not service_account:
            raise EmulatorError("a service-account token needs a namespace and a service account")
        return self.token(
            issuer=issuer,
            subject=f"system:serviceaccount:{namespace}:{service_account}",
            audience=[audience or self._tenant.cloud.exchange_audience],
            life=life,
            **{"kubernetes.io": _bound(cluster, namespace, service_account)},
        )

    def issuer_of(self, cluster: str) -> str:
        """Give the issuer URL of a cluster, with its trailing slash; EmulatorError when there is no such cluster."""
        host = self._tenant.hosts.get(cluster)
        if host is None or not host.issuer_url:
            raise EmulatorError(f"no cluster with an issuer is called {cluster!r}")
        return host.issuer_url

    def _of(self, issuer: str) -> SigningKeys:
        with self._lock:
            if issuer not in self._keys:
                self._keys[issuer] = SigningKeys(self._tenant.clock)
            return self._keys[issuer]


def _bound(cluster: str, namespace: str, service_account: str) -> Mapping[str, Any]:
    uid = seeded_guid(cluster, namespace, service_account)
    pod = {"name": f"{service_account}-0", "uid": seeded_guid(uid, "pod")}
    return {"namespace": namespace, "pod": pod, "serviceaccount": {"name": service_account, "uid": uid}}


def discovery_document(issuer: str) -> dict[str, Any]:
    """Give a cluster's discovery document (Kubernetes page "Managing Service Accounts", issuer discovery)."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
