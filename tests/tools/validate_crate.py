"""Let roc-validator judge a crate, without a network, for ``tests/test_archive.py``.

    python validate_crate.py CRATE CONTEXT

CONTEXT is the JSON-LD context of RO-Crate 1.3, which holds the terms of 1.1 as well,
but for those of Bioschemas, which had other addresses. Prints as JSON how many checks
there were, and what failed.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.services import validate
from rocrate_validator.utils.http import HttpRequester

crate, context = sys.argv[1:]
terms = json.loads(Path(context).read_text())
for name in ("ComputationalWorkflow", "FormalParameter", "input", "output"):
    terms["@context"][name] = f"https://bioschemas.org/{name}"
KNOWN = {
    "https://w3id.org/ro/crate/1.1/context": terms,
    "https://w3id.org/ro/terms/workflow-run/context": {"@context": {}},  # none is used
}


def get(requester, url, **options):
    """Answer from here what the validator asks for."""
    headers = {"Content-Type": "application/ld+json"}
    return SimpleNamespace(status_code=200, headers=headers, json=lambda: KNOWN[url])


HttpRequester.get = get
checks, issues = 0, []
for profile in ("provenance-run-crate-0.5", "workflow-ro-crate-1.0"):
    settings = ValidationSettings(
        rocrate_uri=crate,
        profile_identifier=profile,
        requirement_severity=Severity.REQUIRED,
    )
    result = validate(settings)
    checks += len(result.executed_checks)
    issues += [issue.message for issue in result.get_issues()]
print(json.dumps([checks, issues]))
