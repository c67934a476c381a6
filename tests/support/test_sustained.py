"""A load in which jobs come and go, with what looks at it replaced."""

from support.load.open_loop import OpenLoop
from support.load.sustained import sustain


class Check:
    """Finds each job whole at the second look after it was acknowledged."""

    def __init__(self, did):
        self._did, self._once, self._twice = did, [], []

    @property
    def waiting(self):
        return len(self._once) + len(self._twice)

    def acknowledged(self, attempt):
        self._once.append(attempt)

    def look(self):
        self._did.append("look")
        found, self._twice, self._once = self._twice, self._once, []
        return found


def test_at_each_look_whole_jobs_are_cancelled_and_the_history_is_read():
    did = []
    loop = OpenLoop([0.0, 0.01, 0.02], 2)
    attempts = sustain(loop, lambda number: number, did.append, Check(did), lambda: did.append("read"), 0.005)
    assert sorted(attempts) == sorted(one for one in did if one not in ("look", "read")) == [0, 1, 2]
    kinds = [one for one in did if one in ("look", "read")]
    assert kinds == ["look", "read"] * (len(kinds) // 2)
