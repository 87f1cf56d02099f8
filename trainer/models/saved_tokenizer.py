"""The tokenizer beside a saved model: the recipe's, with the tokens that only the model knows behind its own."""

from pathlib import Path

from tokenizers import AddedToken, Tokenizer
from tokenizers.processors import TemplateProcessing

from maslin.manifests import chatml
from maslin.manifests.errors import UsageError
from maslin.manifests.files import write_json, write_text
from maslin.manifests.soundness import checked
from maslin.trainer.config.model import ModelConfig

TOKENIZER_NAME, TOKENIZER_CONFIG_NAME = "tokenizer.json", "tokenizer_config.json"


def save_tokenizer(folder: Path, tokenizer: Path, config: ModelConfig, end_of_text: int) -> tuple[str, ...]:
    """Write the files that `transformers.AutoTokenizer` reads into `folder`; returns their names.

    Raises UsageError when `tokenizer` has tokens of these names itself.
    """
    loaded = Tokenizer.from_file(str(checked(tokenizer)))
    end = loaded.id_to_token(end_of_text)
    write_text(folder / TOKENIZER_NAME, _as_trained(loaded, tokenizer, config, end, end_of_text))
    # Without it, AutoTokenizer takes the class of the architecture's own models, which splits words otherwise.
    write_json(folder / TOKENIZER_CONFIG_NAME, {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": end, "eos_token": end,
        "clean_up_tokenization_spaces": False, "add_prefix_space": False, "model_max_length": config.context_tokens,
        **config.spec.special_tokens,
        **({"chat_template": "{{ bos_token }}" + chatml.TEMPLATE}
           if loaded.token_to_id(chatml.START) is not None else {}),
    })
    return TOKENIZER_NAME, TOKENIZER_CONFIG_NAME


def _as_trained(tokenizer: Tokenizer, path: Path, config: ModelConfig, end: str, end_of_text: int) -> str:
    """With the model's own tokens, and documents encoded as the model saw them: behind end-of-text, say."""
    reserved = config.spec.reserved
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in reserved])
    for token in reserved:
        if tokenizer.token_to_id(token) != config.reserved_id(token):
            raise UsageError(
                f"{path}: {token}, which {config.architecture} adds behind the tokenizer's {config.vocab_size:,} "
                f"tokens, has the id {tokenizer.token_to_id(token)} here. Train with one that has no such token.")
    template = config.spec.template.format(end=end)
    tokenizer.post_processor = TemplateProcessing(single=template, special_tokens=[(end, end_of_text)])
    return tokenizer.to_str(pretty=True) + "\n"
