"""What a proof made is used by the push only if it was made from just the same."""

from posthouse.core.templates.library.model import Held, ItemKind, Library, Use
from posthouse.core.templates.press import Printed
from posthouse.core.templates.proofs import Proof, Proofs

USUAL = Use(ItemKind.THEME, "")
DRAFT = Library(((USUAL, Held("brand", 0, {"name": "A"})),), themes=("brand",))
LIVE = Library(((USUAL, Held("brand", 4, {"name": "A"})),), themes=("brand",))
OTHER = Library(((USUAL, Held("brand", 0, {"name": "B"})),), themes=("brand",))


def test_a_proof_is_taken_once_for_the_same_source_and_library() -> None:
    """Whether the theme has got a number since makes no difference."""
    proof = Proof(b"t" * 16, 1, "digest", DRAFT, Printed((), (), ()))
    for digest, library, taken in [("digest", LIVE, proof), ("digest", OTHER, None), ("other", LIVE, None)]:
        proofs = Proofs()
        proofs.keep("order", proof)
        assert proofs.take("order", digest, library) is taken
        assert proofs.take("order", digest, library) is None
