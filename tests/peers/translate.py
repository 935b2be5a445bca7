"""The peers' side of `cargo xtask bench --peers`: the translation of tests/examples/bench.

    python tests/peers/translate.py WORK [transformers|ctranslate2]

Needs torch, transformers and ctranslate2. Prints one JSON object of the same form, for the fastest engine and setting, or
the fastest setting of the named engine. Every engine and setting runs one random Marian model in a separate process, so that memory is
measured separately, and writes exactly 32 tokens per sentence.
"""
import itertools, json, os, subprocess, sys, tempfile
import timing

LENGTH = 32  # tokens of a source, and of a translation
SMALL, LARGE = (256, 4, 3, 4000), (512, 8, 6, 32000)  # d_model, heads, layers, vocabulary
BOTH, INT8 = ["transformers", "ctranslate2"], ["ctranslate2"]
# rows, beams, model, compute type, engines
WORKS = {
    "translate-single": (1, 1, SMALL, "float32", BOTH),
    "translate-single-int8": (1, 1, SMALL, "int8", INT8),
    "translate-batch": (32, 1, SMALL, "float32", BOTH),
    "translate-batch-int8": (32, 1, SMALL, "int8", INT8),
    "translate-beams": (32, 4, SMALL, "float32", BOTH),
    "translate-beams-int8": (32, 4, SMALL, "int8", INT8),
    "translate-large": (1, 1, LARGE, "float32", BOTH),
    "translate-large-int8": (1, 1, LARGE, "int8", INT8),
    "translate-large-batch-int8": (32, 1, LARGE, "int8", INT8),
}
# Settings of CTranslate2: the matrix multiplication of its own choice or AVX-512, and how threads wait for work.
ISAS = {"": {}, "AVX512": {"CT2_FORCE_CPU_ISA": "AVX512"}}
WAITING = {"": {}, "active": {"OMP_WAIT_POLICY": "active"}, "passive": {"OMP_WAIT_POLICY": "passive"}}
SETTINGS = {
    "ctranslate2": {
        " ".join(filter(None, ("ctranslate2", isa, waiting))): ISAS[isa] | WAITING[waiting]
        for isa, waiting in itertools.product(ISAS, WAITING)
    },
    "transformers": {"transformers": {}},
}


def save(work, folder):
    """Writes the model for transformers, and to `folder`/ct2 for CTranslate2."""
    import ctranslate2, torch
    from tokenizers import Tokenizer, models
    from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

    d_model, heads, layers, vocab_size = WORKS[work][2]
    torch.manual_seed(1)
    model = MarianMTModel(MarianConfig(
        vocab_size=vocab_size, d_model=d_model, encoder_layers=layers, decoder_layers=layers,
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=4 * d_model, decoder_ffn_dim=4 * d_model,
        max_position_embeddings=512, activation_function="relu", scale_embedding=True, eos_token_id=0,
        pad_token_id=vocab_size - 1, decoder_start_token_id=vocab_size - 1, forced_eos_token_id=None))
    model.save_pretrained(folder)
    words = {"</s>": 0, "<pad>": vocab_size - 1, "<unk>": 1} | {f"t{i}": i for i in range(2, vocab_size - 1)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="<pad>", unk_token="<unk>").save_pretrained(folder)
    ctranslate2.converters.TransformersConverter(folder).convert(folder + "/ct2")


def sources(work):
    """The ids of each row, end token last."""
    rows, (*_, vocab_size) = WORKS[work][0], WORKS[work][2]
    return [[2 + (row * 7919 + i * 104729) % (vocab_size - 3) for i in range(LENGTH - 1)] + [0] for row in range(rows)]


def transformers_step(work, folder):
    import torch
    from transformers import MarianMTModel

    torch.set_num_threads(2)
    model, ids = MarianMTModel.from_pretrained(folder).eval(), torch.tensor(sources(work))
    mask = torch.ones_like(ids)

    def step():
        with torch.inference_mode():
            return model.generate(input_ids=ids, attention_mask=mask, num_beams=WORKS[work][1], do_sample=False, min_new_tokens=LENGTH, max_new_tokens=LENGTH)[:, 1:]

    return step


def ctranslate2_step(work, folder):
    import ctranslate2

    translator = ctranslate2.Translator(folder + "/ct2", device="cpu", compute_type=WORKS[work][3], inter_threads=1, intra_threads=2)
    tokens = [[f"t{id}" if id else "</s>" for id in row] for row in sources(work)]

    def step():
        results = translator.translate_batch(tokens, beam_size=WORKS[work][1], min_decoding_length=LENGTH, max_decoding_length=LENGTH)
        return [result.hypotheses[0] for result in results]

    return step


def measure(work, engine, name, folder):
    step = {"transformers": transformers_step, "ctranslate2": ctranslate2_step}[engine](work, folder)
    written = [len(row) for row in step()]
    assert written == [LENGTH] * WORKS[work][0], written
    return {"engine": name} | timing.measure(work, "tokens/s", sum(written), step)


def alone(*arguments, env={}):
    """The output of this script in a separate process."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | env).stdout


match sys.argv[1:]:
    case ["save", work, folder]: save(work, folder)
    case ["measure", work, engine, name, folder]: print(json.dumps(measure(work, engine, name, folder)))
    case [work, *engines]:
        with tempfile.TemporaryDirectory() as folder:
            alone("save", work, folder)
            figures = [
                json.loads(alone("measure", work, engine, name, folder, env=env).splitlines()[-1])
                for engine in engines or WORKS[work][-1]
                for name, env in SETTINGS[engine].items()
            ]
        print(json.dumps(max(figures, key=lambda figures: figures["rate"])))
