"""The questions that SageMaker's SDK answers wrongly or not at all, answered here from the same store.

`tests/e2e/test_lineage_head_to_head.py` asks the SDK itself.
"""

import time
from collections.abc import Sequence

from integrations.lineage.graph import Direction, Graph
from integrations.lineage.querying import Options, query
from integrations.lineage.questions import Question, ask
from integrations.lineage.sagemaker import SageMaker
from tests.lineage_fake.contest import MODES, SDK, Subjects, ours, prepare
from tests.lineage_fake.graphs import client, faked


class Asked:
    """Our own client, asked like the SDK."""

    def __init__(self, subjects: Subjects) -> None:
        self._store, self._subjects = SageMaker(boto3_client=client()), subjects

    def answers(self) -> dict[str, object]:
        """Return the answers."""
        subjects, deployed = self._subjects, self._subjects.deployed
        (package,) = ask(self._store, self._walk, Question.PACKAGE, deployed.approval).found
        return {
            "wide": len(self._walk([subjects.wide]).vertices),
            "long": len(self._walk([subjects.long]).vertices),
            "two starts": len(self._walk(subjects.starts).vertices),
            "models of an endpoint": self._count(Question.MODELS, deployed.endpoint),
            "models of a data set": self._count(Question.MODELS, deployed.data),
            "package of an approval": package.source_uri,
        }

    def _walk(self, starts: Sequence[str], direction: Direction = Direction.DOWN) -> Graph:
        return query(self._store, starts, Options(direction=direction), time.monotonic)

    def _count(self, question: Question, start: str) -> int:
        return len(ask(self._store, self._walk, question, start).found)


def test_our_answers() -> None:
    """Issue 18, proof 3: SDK : ours."""
    with faked(MODES) as (made, fake):
        subjects = prepare(made, fake.store())
        expected = ours(subjects)
        assert expected.keys() == SDK.keys()
        answers = Asked(subjects).answers()
        assert answers == expected
