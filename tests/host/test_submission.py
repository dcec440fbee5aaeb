"""What is kept of a prompt."""

from tower_anime.host.submission import failure_of, read_submission, without_secrets


def test_the_sixth_element_of_a_queue_item_is_never_read() -> None:
    item = (0, "id", {"1": {}}, {"client_id": "c"}, ["1"], {"auth_token_comfy_org": "hush"})
    assert "hush" not in repr(read_submission(item))


def test_what_the_host_changes_later_is_not_what_was_submitted() -> None:
    prompt = {"1": {"class_type": "A", "inputs": {"x": 1}}}
    kept = read_submission((0, "id", prompt, {}, ["1"]))
    prompt["1"]["is_changed"] = [float("nan")]
    assert kept.prompt == {"1": {"class_type": "A", "inputs": {"x": 1}}}


def test_secrets_are_taken_out_at_any_depth() -> None:
    extra = {"api_key_comfy_org": "s", "a": [{"Authorization": "s", "seed": 1}], "hf_token": "s", "n": None}
    clean = without_secrets(extra)
    assert clean["a"][0]["seed"] == 1 and clean["n"] is None
    assert "'s'" not in repr(clean)


def test_a_workflow_that_is_no_object_is_not_kept() -> None:
    item = (0, "id", {}, {"extra_pnginfo": {"workflow": "text"}}, [])
    assert read_submission(item).workflow is None


def test_a_failure_is_a_sentence_above_its_traceback() -> None:
    text = failure_of(
        {
            "node_id": "3",
            "node_type": "KSampler",
            "exception_type": "ValueError",
            "exception_message": "no such sampler\n",
            "traceback": ['  File "x.py", line 1, in f\n', "    g()\n"],
        }
    )
    first, *_, last = text.splitlines()
    assert first == "Node 3 (KSampler) failed: ValueError: no such sampler"
    assert last == "ValueError: no such sampler"
