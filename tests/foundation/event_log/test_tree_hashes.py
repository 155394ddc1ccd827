"""Tree, proofs and tiles against the definitions of RFC 6962, written down as they stand there."""

import hashlib

import pytest
from hypothesis import given, settings, strategies as st

from certportal.foundation.event_log import tree_hashes
from certportal.foundation.event_log.tiles import (
    Edge,
    Tile,
    Tiles,
    bundle,
    edge_tiles,
    entries_of,
    new_tiles,
)
from tests.doubles.consistency import is_consistent

LEAVES = [tree_hashes.leaf_hash(str(number).encode()) for number in range(1100)]
SIZES = st.one_of(
    st.integers(0, 40), st.integers(250, 262), st.integers(500, 530), st.integers(0, 1100)
)


def mth(leaves):
    """RFC 6962 section 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    """RFC 6962 section 2.1.1."""
    if len(leaves) <= 1:
        return []
    k = tree_hashes.split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole=True):
    """RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = tree_hashes.split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def stored(size, step=1 << 30):
    """Return the log's files after it has grown by so many leaves at a time, and its edge."""
    edge, files = Edge(), {}
    for start in range(0, size, step):
        for tile, content in edge.append(LEAVES[start : min(size, start + step)]):
            files[tile.path] = content
        files |= {tile.path: content for tile, content in edge.partial()}
    return files, edge


def opened(files, size):
    return Tiles(lambda tile: files[tile.path], size)


@settings(max_examples=60)
@given(SIZES, st.integers(1, 300))
def test_head_is_that_of_the_definition_however_the_log_grew(size, step):
    files, edge = stored(size, step)
    assert edge.root() == tree_hashes.root(LEAVES[:size]) == mth(LEAVES[:size])
    assert opened(files, size).root(size) == mth(LEAVES[:size])
    assert edge.size == size


@settings(max_examples=60)
@given(SIZES.filter(bool), st.data())
def test_each_leaf_is_proven(size, data):
    index = data.draw(st.integers(0, size - 1))
    files, edge = stored(size)
    proof = tree_hashes.inclusion_proof(index, size, opened(files, size).subtree)
    assert proof == path(index, LEAVES[:size])
    assert tree_hashes.is_included(LEAVES[index], index, size, proof, edge.root())
    assert (
        not tree_hashes.is_included(LEAVES[index - 1], index, size, proof, edge.root()) or size == 1
    )
    assert not tree_hashes.is_included(LEAVES[index], index, size, [*proof, LEAVES[0]], edge.root())
    assert (
        not tree_hashes.is_included(LEAVES[index], index, size, proof[:-1], edge.root())
        or size == 1
    )


@settings(max_examples=80)
@given(SIZES.filter(bool), st.data())
def test_each_earlier_head_is_proven_to_be_a_beginning(size, data):
    before = data.draw(st.integers(0, size))
    files, edge = stored(size)
    tiles = opened(files, size)
    proof = tree_hashes.consistency_proof(before, size, tiles.subtree)
    earlier = mth(LEAVES[:before])
    assert proof == (subproof(before, LEAVES[:size]) if before else [])
    assert tiles.root(before) == earlier
    assert is_consistent(before, earlier, size, edge.root(), proof)
    assert not is_consistent(before, LEAVES[7], size, edge.root(), proof) or size == 1
    assert not is_consistent(before, earlier, size, edge.root(), [*proof, LEAVES[0]])
    if proof:
        assert not is_consistent(before, earlier, size, edge.root(), proof[:-1])


@settings(max_examples=40)
@given(SIZES, st.integers(0, 700))
def test_a_log_goes_on_from_its_files(size, more):
    end = min(size + more, len(LEAVES))
    files, _ = stored(size)
    edge = opened(files, size).edge()
    list(edge.append(LEAVES[size:end]))
    assert edge.root() == mth(LEAVES[:end])


@given(st.integers(0, 140_000), st.integers(0, 140_000))
def test_a_copy_that_gets_the_new_tiles_has_those_of_the_whole(one, other):
    before, size = sorted([one, other])
    copied = {*new_tiles(0, before), *new_tiles(before, size)}
    assert set(new_tiles(0, size)) <= copied
    assert not {*new_tiles(before, size)} & {*new_tiles(0, before)}
    assert list(new_tiles(size, size)) == []


def test_tiles_of_a_tree_of_70_000_leaves_are_those_of_the_specification():
    assert edge_tiles(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert edge_tiles(256) == [Tile(1, 0, 1)]
    assert edge_tiles(0) == []
    assert Tile(0, 273, 112).path == "tile/0/273.p/112"
    assert Tile(1, 1234067).path == "tile/1/x001/x234/067"
    assert Tile(0, 1234067, 8).entries_path == "tile/entries/x001/x234/067.p/8"


@given(st.lists(st.binary(max_size=300)))
def test_entries_are_read_as_they_were_written(entries):
    assert entries_of(bundle(entries)) == entries


@pytest.mark.parametrize("content", [b"\x00", b"\x00\x03ab", b"\x00\x01a\x01"])
def test_a_bundle_that_ends_within_an_entry_is_refused(content):
    with pytest.raises(ValueError, match="ends within"):
        entries_of(content)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_nothing_is_proven_of_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="no such leaf"):
        tree_hashes.inclusion_proof(index, size, lambda start, end: b"")
    assert not tree_hashes.is_included(LEAVES[0], index, size, [], LEAVES[0])


def test_nothing_is_proven_of_a_tree_that_is_not_there_yet():
    with pytest.raises(ValueError, match="smaller"):
        tree_hashes.consistency_proof(6, 5, lambda start, end: b"")
    with pytest.raises(ValueError, match="smaller"):
        opened({}, 5).root(6)
    assert not is_consistent(6, LEAVES[0], 5, LEAVES[0], [])
