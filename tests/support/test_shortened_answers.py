import pytest
import requests
from stand_ins import JOB_ID, exchange

from support.faults.shortened_answers import leaving_out


@pytest.mark.parametrize("status", [200, 422])
def test_an_answer_is_passed_on_without_one_field(status):
    passed_on = []

    def pass_on(*request):
        passed_on.append(request)
        return exchange({"job_id": JOB_ID, "stream_url": "http://stream.example"}, status)

    with leaving_out("job_id", pass_on) as address:
        answer = requests.post(f"{address}/configure", json={"nfftSelection": 512})
    assert (answer.status_code, answer.json()) == (status, {"stream_url": "http://stream.example"})
    assert passed_on == [("POST", "/configure", b'{"nfftSelection": 512}')]
