import subprocess
import sys

from support.journal import Journal, of_dead_runs


def killed_run(directory, entries):
    """A run in a process of its own that is killed while its journal is open."""
    script = (
        "import sys, pathlib, time\n"
        "from support.journal import Journal\n"
        "j = Journal(pathlib.Path(sys.argv[1]), 'http://127.0.0.1:1', provided=False)\n"
        f"{entries}\n"
        "print('written', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "written\n"
    living = list(of_dead_runs(directory))
    process.kill()
    process.communicate()
    return living


def test_a_killed_run_leaves_what_it_made_and_a_living_one_is_left_alone(tmp_path):
    living = killed_run(
        tmp_path, "j.requested({'displayInfo.height': 7}); j.created('job_1'); j.created('job_2'); j.removed('job_1')"
    )
    assert living == []
    (dead,) = of_dead_runs(tmp_path)
    assert dead.left == {"job_2"}
    assert dead.keys == [{"displayInfo.height": 7}]
    assert dead.base_url == "http://127.0.0.1:1"


def test_a_line_cut_by_the_kill_does_not_hide_the_others(tmp_path):
    killed_run(tmp_path, "j.created('job_1'); j._file.write('{\"creat'); j._file.flush()")
    (dead,) = of_dead_runs(tmp_path)
    assert dead.left == {"job_1"}


def test_a_run_that_left_nothing_leaves_no_journal(tmp_path):
    journal = Journal(tmp_path, "http://127.0.0.1:1", provided=False)
    journal.created("job_1")
    journal.removed("job_1")
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_left_something_leaves_its_journal(tmp_path):
    journal = Journal(tmp_path, "http://127.0.0.1:1", provided=False)
    journal.created("job_1")
    journal.close()
    (dead,) = of_dead_runs(tmp_path)
    assert dead.left == {"job_1"}
