"""Reasons that several places share."""

from typing import Final

CASTS: Final = "read the list without a type cast; every row names its type"
COUNTS: Final = "read the list with $count=true, or count its rows"
ELSEWHERE: Final = "no credential of an application lives there"
EXTENSIONS: Final = "directory schema extensions are not kept"
FUNCTIONS_FOR_ALL: Final = "a function of every directory object; the page about applications does not name it"
MEMBERSHIP: Final = "membership in groups and roles is not kept"
NOT_DOCUMENTED: Final = "the metadata names the method, no reference page does"
ONE_BY_ONE: Final = "read the list; its rows are not addressed one by one"
PROVISIONING: Final = "provisioning of users into other applications is not played"
SHAPING_POLICIES: Final = "policies that shape tokens and sign-in pages; none of them decides about a credential"
