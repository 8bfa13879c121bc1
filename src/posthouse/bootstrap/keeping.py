"""What is put together only where it is needed: followers of the events, and those who keep and erase."""

import os

from posthouse.bootstrap import House
from posthouse.channels.email.addresses import forms_of
from posthouse.core.keeping.erasing import ErasureService
from posthouse.core.keeping.retention import RetentionService
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.pseudonyms import PURPOSE, Pseudonyms
from posthouse.core.messages.words import WordFollower, words_by


def word_follower_of(house: House) -> WordFollower:
    """What keeps the words that messages are found by."""
    return WordFollower(house.store, house.store, words_by(house.box.derive))


def retention_of(house: House) -> RetentionService:
    """What holds workspaces to their rules of retention."""
    pseudonyms = Pseudonyms(house.box.derive(PURPOSE))
    return RetentionService(house.store, house.store, pseudonyms, words_by(house.box.derive), house.clock)


def erasure_of(house: House) -> ErasureService:
    """What removes persons."""
    return ErasureService(
        house.store,
        forms_of,
        Pseudonyms(house.box.derive(PURPOSE)),
        words_by(house.box.derive),
        house.box,
        new_id=Uuid7Source(house.clock.now),
        token=int.from_bytes(os.urandom(8), "big") >> 1,
        clock=house.clock,
    )
