"""Checks a running server with the official clients: python tests/clients.py URL KEY

Its models are `translate-en-de` (the embedded translator), `sentences` (an embedder), `gpt2` (a causal language model) and `chat` (one with a
chat template).
"""

import base64
import pathlib
import struct
import sys
import tempfile

import deepl
import openai
from libretranslatepy import LibreTranslateAPI

SENTENCE = "The end time is not valid."


def check_libretranslate(url, key):
    api = LibreTranslateAPI(url + "/", api_key=key)
    translated = api.translate(SENTENCE, "en", "de")
    assert translated and translated != SENTENCE, translated
    assert api.detect("Das ist ein deutscher Satz.")[0]["language"] == "de"
    languages = {language["code"]: language["targets"] for language in api.languages()}
    assert languages["en"] == ["de"], languages
    return translated


def check_deepl(url, key, expected):
    client = deepl.DeepLClient(key, server_url=url)
    result = client.translate_text(SENTENCE, target_lang="DE")
    assert (result.text, result.detected_source_lang) == (expected, "EN"), result
    results = client.translate_text([SENTENCE, "Open"], source_lang="EN", target_lang="DE")
    assert results[0].text == expected and len(results) == 2
    tagged = client.translate_text(f"<b>{SENTENCE}</b>", target_lang="DE", tag_handling="html")
    assert tagged.text == f"<b>{expected}</b>", tagged.text
    client.translate_text(SENTENCE, target_lang="DE", formality="prefer_more")
    try:
        client.translate_text(SENTENCE, target_lang="DE", formality="more")
        raise AssertionError("a demanded formality must fail")
    except deepl.DeepLException as error:
        assert "formality" in str(error), error
    glossary = client.create_glossary("terms", "EN", "DE", {"end time": "Schlusszeit"})
    assert client.get_glossary_entries(glossary) == {"end time": "Schlusszeit"}
    with_terms = client.translate_text(SENTENCE, source_lang="EN", target_lang="DE", glossary=glossary)
    assert "Schlusszeit" in with_terms.text, with_terms.text
    assert [own.glossary_id for own in client.list_glossaries()] == [glossary.glossary_id]
    client.delete_glossary(glossary)
    assert client.list_glossaries() == []
    assert [language.code for language in client.get_source_languages()] == ["EN"]
    assert [language.code for language in client.get_target_languages()] == ["DE"]
    assert client.get_usage().character.count > 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "a.html"), pathlib.Path(folder, "b.html")
        source.write_text(f"<p>{SENTENCE}</p>")
        client.translate_document_from_filepath(source, target, target_lang="DE")
        assert target.read_text() == f"<p>{expected}</p>", target.read_text()
    try:
        deepl.DeepLClient("wrong", server_url=url).get_usage()
        raise AssertionError("a wrong key must fail")
    except deepl.AuthorizationException:
        pass


def check_openai(url, key):
    client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
    assert {"translate-en-de", "sentences", "gpt2", "chat"} == {model.id for model in client.models.list()}
    # The client asks for base64 unless told otherwise.
    default = client.embeddings.create(model="sentences", input=["a cat", "the sea"]).data
    floats = client.embeddings.create(model="sentences", input="a cat", encoding_format="float").data
    assert len(default) == 2 and max(abs(a - b) for a, b in zip(default[0].embedding, floats[0].embedding)) < 1e-5
    raw = client.embeddings.create(model="sentences", input="a cat", encoding_format="base64").data[0].embedding
    values = raw if isinstance(raw, list) else struct.unpack(f"<{len(floats[0].embedding)}f", base64.b64decode(raw))
    assert abs(values[0] - floats[0].embedding[0]) < 1e-5

    ask = dict(model="gpt2", prompt="the cat", max_tokens=8, seed=3, temperature=1, logprobs=2)
    completion = client.completions.create(**ask)
    choice = completion.choices[0]
    assert choice.finish_reason in ("length", "stop") and len(choice.logprobs.token_logprobs) > 0
    assert completion.usage.total_tokens > completion.usage.completion_tokens > 0
    assert client.completions.create(**ask).choices[0].text == choice.text
    pieces = [event.choices[0].text for event in client.completions.create(**ask, stream=True)]
    assert "".join(pieces) == choice.text

    ask = dict(model="chat", messages=[{"role": "user", "content": "the cat"}], max_tokens=8, seed=3)
    chat = client.chat.completions.create(**ask, logprobs=True, top_logprobs=2)
    assert chat.choices[0].message.role == "assistant" and chat.choices[0].logprobs.content
    events = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
    text = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert text == chat.choices[0].message.content
    assert events[-1].usage.total_tokens == chat.usage.total_tokens
    for wrong in (
        lambda: client.responses.create(model="chat", input="a"),
        lambda: client.chat.completions.create(**ask, tools=[{"type": "function", "function": {"name": "f"}}]),
    ):
        try:
            wrong()
            raise AssertionError("this must fail")
        except openai.APIStatusError as error:
            assert error.message, error
    try:
        openai.OpenAI(base_url=url + "/v1", api_key="wrong", max_retries=0).models.list()
        raise AssertionError("a wrong key must fail")
    except openai.AuthenticationError:
        pass


def main():
    url, key = sys.argv[1:]
    translated = check_libretranslate(url, key)
    print("libretranslatepy: ok")
    check_deepl(url, key, translated)
    print("deepl: ok")
    check_openai(url, key)
    print("openai: ok")


main()
