"""The understander of the shipped configuration, built once."""

import pytest
from samples import shipped_spec

from nlp.spec import NlpSpec
from nlp.understand import Understander


@pytest.fixture(scope="session")
def spec() -> NlpSpec:
    return shipped_spec()


@pytest.fixture(scope="session")
def understander(spec: NlpSpec) -> Understander:
    return Understander(spec)
