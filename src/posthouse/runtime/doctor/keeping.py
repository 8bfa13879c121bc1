"""Whether anybody said how long things are kept."""

from posthouse.bootstrap import House
from posthouse.core.keeping.settings import retention_of
from posthouse.runtime.doctor.findings import Finding, ok, warning


async def look_at_retention(house: House) -> list[Finding]:
    """A workspace without any rule keeps addresses and variables for good; a class without a rule is often a typing error."""
    found = []
    for workspace in await house.store.workspaces():
        about, retention = f"retention {workspace.name}", retention_of(workspace)
        if all(rule.content_days is None for rule in retention.rules):
            advice = f"posthouse retention set --workspace {workspace.name} --content-days 90 --event-days 400"
            found.append(warning(about, "addresses and variables are kept for good", advice))
            continue
        named = set((await house.store.retention_classes(workspace.id)).values()) - {""}
        if unruled := sorted(named - retention.classes.keys()):
            said = f"templates name classes without a rule: {', '.join(unruled[:5])}; the default holds"
            found.append(warning(about, said, "posthouse retention set --class NAME, or correct the template"))
        else:
            found.append(ok(about, "rules are set"))
    return found
