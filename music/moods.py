"""Words for moods: which of them mean the same, and which are near each other."""

from __future__ import annotations

import re

# The words by which people ask for the moods that `mood_tags` gives out, and for a few more.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "calm": ("quiet", "peaceful", "relaxed", "relaxing", "soft", "slow", "serene", "still", "chill", "lofi"),
    "gentle": ("tender", "warm", "sweet", "romantic", "love", "loving", "intimate", "soothing"),
    "dreamy": ("dream", "ethereal", "floating", "magical", "wonder", "fantasy", "night"),
    "sad": ("sorrow", "grief", "mourning", "tragic", "lonely", "tears", "crying", "loss", "farewell"),
    "melancholic": ("melancholy", "nostalgic", "nostalgia", "wistful", "bittersweet", "longing", "rain"),
    "dark": ("gloomy", "grim", "brooding", "sinister", "evil", "horror", "scary", "creepy", "menacing"),
    "mysterious": ("mystery", "eerie", "strange", "secret", "suspicious", "curious", "enigmatic"),
    "tense": ("tension", "suspense", "suspenseful", "thriller", "urgent", "dramatic", "drama", "danger"),
    "energetic": ("energy", "action", "fast", "intense", "fight", "battle", "chase", "driving", "exciting",
                  "upbeat", "powerful", "wild", "dance", "rock"),
    "triumphant": ("epic", "heroic", "victory", "victorious", "glorious", "grand", "anthem", "majestic"),
    "happy": ("joy", "joyful", "cheerful", "bright", "sunny", "fun", "party", "celebration", "glad"),
    "playful": ("funny", "comedy", "comic", "silly", "quirky", "light", "lighthearted", "bouncy", "cute"),
    "hopeful": ("hope", "optimistic", "uplifting", "inspiring", "inspirational", "determined", "morning"),
    "steady": ("moderate", "walking", "everyday", "neutral"),
    "ambient": ("atmospheric", "drone", "background", "texture"),
}  # fmt: skip
# Moods that share a quarter of the circumplex stand in for each other at half value.
NEIGHBOURS = (
    ("calm", "gentle", "dreamy", "ambient"),
    ("sad", "melancholic"),
    ("calm", "sad"),
    ("calm", "melancholic"),
    ("dark", "mysterious"),
    ("dark", "tense"),
    ("tense", "mysterious"),
    ("energetic", "tense"),
    ("energetic", "triumphant"),
    ("energetic", "happy"),
    ("happy", "triumphant", "playful", "hopeful"),
    ("gentle", "hopeful"),
)
_CANONICAL = {word: mood for mood, words in SYNONYMS.items() for word in (mood, *words)}


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return re.findall(r"[^\W\d_]+", text.lower())


def canonical(word: str) -> str:
    """Return the mood that a word stands for, or the word itself."""
    return _CANONICAL.get(word, word)


def is_mood(word: str) -> bool:
    """Tell whether a word, or what it stands for, is a known mood."""
    return word in _CANONICAL


def related(mood: str) -> set[str]:
    """Return the moods near one, itself included when it has any."""
    return {other for group in NEIGHBOURS if mood in group for other in group}
