"""Where the data and the models lie."""

from stance.actors import ActorTable
from stance.paths import ACTORS, HOME, MODELS


def test_the_alias_table_lies_where_it_is_looked_for():
    assert len(ActorTable.read(ACTORS).actors) > 1


def test_everything_lies_below_one_home():
    assert ACTORS.is_relative_to(HOME)
    assert MODELS.is_relative_to(HOME)
    assert HOME.is_absolute()
