"""``posthouse contacts erase``."""

from pathlib import Path

from tests.unit.cli.conftest import Run


def test_a_person_is_counted_then_removed(house: Path, run: Run) -> None:
    """A dry run changes nothing; without anybody to ask it wants --yes; the receipt proves it; who was suppressed stays so."""
    ann = "ann@customer.example"
    run("contacts", "add", "--key", "ann", "--email", ann, "--data", house)
    run("suppressions", "add", ann, "--data", house)
    for _ in range(2):
        found = run("contacts", "erase", ann, "--dry-run", "--data", house, "--json").json["found"]
        assert found == {"contacts": 1, "suppressions": 1, "suppression_log": 1}
    assert run("contacts", "erase", ann, "--data", house).code == 2
    run("send", "hello", "--to", "bob@customer.example", "--var", "name=Bob", "--data", house)
    assert (
        "is counted in the receipt"
        in run("contacts", "erase", "bob@customer.example", "--dry-run", "--data", house).err
    )
    receipt = run("contacts", "erase", ann, "--yes", "--data", house, "--json").json
    assert (receipt["state"], receipt["still_found"], receipt["erased"]) == ("done", {}, found)
    assert ann not in str(receipt)
    assert run("contacts", "show", "ann", "--data", house).code == 3
    checked = run("suppressions", "check", ann, "--data", house, "--json").json
    assert [one["reason"] for one in checked["suppressions"]] == ["manual"]
    assert run("contacts", "erase", ann, "--dry-run", "--data", house, "--json").json["found"] == {}
    assert run("contacts", "erase", "ann", "--dry-run", "--data", house).code == 2
