"""Merkle trees: the roots of RFC 6962, and paths that prove one leaf and nothing else."""

import hashlib

import pytest

from core.ground import merkle


def test_the_roots_are_those_of_the_standard() -> None:
    # The test vectors of RFC 6962 implementations: the empty tree, and eight known leaves.
    assert merkle.root([]).hex() == hashlib.sha256(b"").hexdigest()
    given = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [merkle.leaf(bytes.fromhex(each)) for each in given]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    assert {size: merkle.root(leaves[:size]).hex() for size in roots} == roots


@pytest.mark.parametrize("size", range(1, 18))
def test_a_path_proves_its_leaf_at_its_place_and_no_other(size: int) -> None:
    leaves = [merkle.leaf(bytes([number])) for number in range(size)]
    root = merkle.root(leaves)
    for at in range(size):
        path = merkle.path(leaves, at)
        assert merkle.root_of(leaves[at], at, size, path) == root
        for other in range(size):
            assert (merkle.root_of(leaves[other], at, size, path) == root) == (other == at)
            assert other == at or merkle.root_of(leaves[at], other, size, path) != root
        assert merkle.root_of(leaves[at], at, size, [*path, root]) is None
        assert not path or merkle.root_of(leaves[at], at, size, path[:-1]) is None
    assert merkle.root_of(leaves[0], size, size, []) is None
    assert merkle.root_of(leaves[0], -1, size, []) is None
