"""ChatML: how a conversation is written as a text. Curation writes it, the trainer finds the answers in it."""

from collections.abc import Iterable

START, END = "<|im_start|>", "<|im_end|>"
SPECIAL_TOKENS = (START, END)  # one token each in a recipe with conversations; nowhere else in their texts
ROLES = ("system", "user", "assistant", "tool")
ANSWERS = "assistant"  # whose turns a model learns to write

# What `transformers` renders messages with: the same text.
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def render(messages: Iterable[tuple[str, str]]) -> str:
    """The text of (role, content) in turn. Space around a content is not part of it."""
    return "".join(f"{START}{role}\n{content.strip()}{END}\n" for role, content in messages)
