"""The questions that SageMaker's SDK answers wrongly or not at all, answered here from the same store.

`tests/e2e/test_lineage_head_to_head.py` asks the SDK itself.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from integrations.lineage import Lineage
from integrations.lineage.asking.questions import Question, ask
from integrations.lineage.graph import Direction, Graph
from integrations.lineage.ports import LinksListed
from integrations.lineage.sagemaker import SageMaker
from integrations.lineage.walking.querying import Options
from tests.lineage_fake.contest import EDGES, MODES, SDK, Subjects, ours, prepare
from tests.lineage_fake.graphs import faked, put_long, put_wide


class Asked:
    """Our own client, asked like the SDK."""

    def __init__(self, client: Any) -> None:
        self.lineage = Lineage(store=SageMaker(boto3_client=client))

    def answers(self, subjects: Subjects) -> dict[str, object]:
        """Return the answers."""
        deployed = subjects.deployed
        (package,) = ask(self.lineage.store, self._walk, Question.PACKAGE, deployed.approval).found
        return {
            "wide": len(self._walk([subjects.wide]).vertices),
            "long": len(self._walk([subjects.long]).vertices),
            "two starts": len(self._walk(subjects.starts).vertices),
            "models of an endpoint": self._count(Question.MODELS, deployed.endpoint),
            "models of a data set": self._count(Question.MODELS, deployed.data),
            "package of an approval": package.source_uri,
            "edges left on delete": self._left(subjects.deleted),
        }

    def _walk(self, starts: Sequence[str], direction: Direction = Direction.DOWN) -> Graph:
        return self.lineage.query(starts, Options(direction=direction))

    def _count(self, question: Question, start: str) -> int:
        return len(ask(self.lineage.store, self._walk, question, start).found)

    def _left(self, arn: str) -> int:
        assert len(self.lineage.edges(arn)) == EDGES
        self.lineage.delete([arn], with_associations=True)
        return len(list(self.lineage.links(LinksListed(source=arn))))


def test_our_answers() -> None:
    """Issue 18, proof 3: SDK : ours."""
    with faked(MODES) as (client, fake):
        subjects = prepare(client, fake.store())
        answers = Asked(client).answers(subjects)
        assert answers == ours(subjects)
        assert {question: SDK[question] for question in answers if SDK[question] == answers[question]} == {}


@pytest.mark.parametrize(("put", "count"), [(put_wide, 121), (put_long, 26)])
def test_both_take_three_calls(put: Any, count: int) -> None:
    """Issue 18, performance: 121 wide and 26 deep, 3 QueryLineage each."""
    with faked() as (client, fake):
        start = put(fake.store(), count)
        assert len(Asked(client).lineage.query([start], Options(direction=Direction.DOWN)).vertices) == count
        assert fake.counts == {"QueryLineage": 3}
