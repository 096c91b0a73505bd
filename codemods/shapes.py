"""What secrets look like."""

from __future__ import annotations

import re

ENTRA_SECRET = re.compile(r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}")
"""The shape of a generated client secret (https://github.com/gitleaks/gitleaks, rule azure-ad-client-secret)."""
ENTRA_SECRET_WORD = re.compile(rf"(?<![A-Za-z0-9_~.-]){ENTRA_SECRET.pattern}(?![A-Za-z0-9_~-])")
"""The same where it is not part of something longer: what is only hidden need not be told."""
