"""What moods sound like: tempo, mode, energy and instruments for words, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from .moods import canonical, is_mood, words_of

# Directions (fast and loud for high arousal, major for pleasant, minor for unpleasant) are those of these
# studies; the bounds are Tower's own reading of them, wide enough for a tempo that suits the cuts.
SOURCES = (
    "K. Hevner, The affective value of pitch and tempo in music, American Journal of Psychology 49(4), 1937",
    "A. Gabrielsson & E. Lindström, The role of structure in the musical expression of emotions, in: "
    "Handbook of Music and Emotion, 2010",
    "P. Juslin & P. Laukka, Communication of emotions in vocal expression and music performance, "
    "Psychological Bulletin 129(5), 2003",
)


@dataclass(frozen=True, slots=True)
class MoodSound:
    """How one mood, or a mixture of several, is played.

    Parameters
    ----------
    low_bpm, high_bpm : float
        Tempo.
    minor : float
        0 is major, 1 is minor.
    energy : float
        0–1.
    instruments : tuple of str
        Most fitting first.
    in_three : bool
        Whether bars of three suit it too.
    """

    low_bpm: float
    high_bpm: float
    minor: float
    energy: float
    instruments: tuple[str, ...]
    in_three: bool = False


SOUNDS = {
    "calm": MoodSound(60, 84, 0.4, 0.2, ("piano", "soft strings"), in_three=True),
    "gentle": MoodSound(66, 92, 0.15, 0.25, ("acoustic guitar", "piano", "celesta"), in_three=True),
    "dreamy": MoodSound(62, 92, 0.35, 0.25, ("synth pads", "harp", "bells"), in_three=True),
    "sad": MoodSound(54, 78, 0.95, 0.2, ("piano", "cello"), in_three=True),
    "melancholic": MoodSound(60, 90, 0.9, 0.3, ("piano", "violin", "soft strings"), in_three=True),
    "dark": MoodSound(60, 104, 0.95, 0.45, ("low strings", "synth bass", "taiko drums")),
    "mysterious": MoodSound(68, 104, 0.9, 0.35, ("marimba", "pizzicato strings", "celesta"), in_three=True),
    "tense": MoodSound(94, 144, 0.95, 0.7, ("staccato strings", "pulsing synth", "percussion")),
    "energetic": MoodSound(124, 178, 0.5, 0.9, ("electric guitar", "drums", "bass")),
    "triumphant": MoodSound(98, 144, 0.1, 0.85, ("brass", "strings", "timpani")),
    "happy": MoodSound(106, 150, 0.05, 0.7, ("acoustic guitar", "piano", "hand claps")),
    "playful": MoodSound(98, 140, 0.1, 0.55, ("pizzicato strings", "xylophone", "clarinet"), in_three=True),
    "hopeful": MoodSound(78, 120, 0.1, 0.5, ("piano", "strings", "light drums")),
    "steady": MoodSound(82, 116, 0.35, 0.45, ("electric piano", "bass", "drums")),
    "ambient": MoodSound(50, 76, 0.5, 0.1, ("synth pads", "drones")),
}
NEUTRAL = "steady"
# Japanese has no spaces between words, so these are looked for anywhere in a text.
JAPANESE = {
    "穏やか": "calm", "静か": "calm", "優し": "gentle", "夢": "dreamy", "幻想": "dreamy", "悲し": "sad",
    "哀し": "sad", "切な": "melancholic", "懐かし": "melancholic", "暗": "dark", "不気味": "mysterious",
    "神秘": "mysterious", "謎": "mysterious", "緊張": "tense", "緊迫": "tense", "激し": "energetic",
    "戦": "energetic", "疾走": "energetic", "勝利": "triumphant", "壮大": "triumphant", "楽し": "happy",
    "明る": "happy", "嬉し": "happy", "コミカル": "playful", "可愛": "playful", "希望": "hopeful",
    "日常": "steady",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaning:
    """Words about the mood, from somewhere that counts more or less.

    Parameters
    ----------
    source : str
        Who says so, for the reasons, as ``the character Aki``.
    text : str
        Free words.
    weight : float
        Against the others.
    """

    source: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Mood:
    """A mixture of moods.

    Parameters
    ----------
    words : tuple of str
        The moods, heaviest first; names of `SOUNDS`.
    sound : MoodSound
        Their mixture.
    reasons : tuple of str
        Where each came from.
    """

    words: tuple[str, ...]
    sound: MoodSound
    reasons: tuple[str, ...]


def moods_in(text: str) -> list[str]:
    """Return the moods that a text names, in its order, each once."""
    found = [canonical(word) for word in words_of(text) if is_mood(word)]
    found += [mood for part, mood in JAPANESE.items() if part in text]
    return list(dict.fromkeys(mood for mood in found if mood in SOUNDS))


def phrases_of(text: str) -> list[str]:
    """Return the short phrases of a text that is a list, as a person typed them; of prose nothing."""
    parts = [" ".join(part.split()) for part in re.split(r"[,;\n、。]", text)]
    return [part for part in parts if part and len(part.split()) <= 4 and len(part) <= 40]


def mixed_mood(leanings: Sequence[Leaning]) -> Mood:
    """Mix what several sources say of a mood.

    Tempi are mixed on a logarithmic scale, as they are heard; all else linearly.

    Parameters
    ----------
    leanings : sequence of Leaning
        Words with weights. Where none of them names a mood, the music is steady and neutral.
    """
    weights: dict[str, float] = {}
    reasons = []
    for leaning in leanings:
        named = moods_in(leaning.text)
        for mood in named:
            weights[mood] = weights.get(mood, 0.0) + leaning.weight / len(named)
        if named:
            reasons.append(f"{leaning.source}: {', '.join(named)}")
    if not weights:
        return Mood((NEUTRAL,), SOUNDS[NEUTRAL], ("No mood is named, so the music is steady.",))
    words = sorted(weights, key=lambda mood: -weights[mood])
    shares = [weights[mood] / sum(weights.values()) for mood in words]
    sounds = [SOUNDS[mood] for mood in words]

    def mean(values: Sequence[float]) -> float:
        return sum(share * value for share, value in zip(shares, values, strict=True))

    by_turns = [sound.instruments[n] for n in range(3) for sound in sounds if n < len(sound.instruments)]
    sound = MoodSound(
        low_bpm=exp(mean([log(sound.low_bpm) for sound in sounds])),
        high_bpm=exp(mean([log(sound.high_bpm) for sound in sounds])),
        minor=mean([sound.minor for sound in sounds]),
        energy=mean([sound.energy for sound in sounds]),
        instruments=tuple(dict.fromkeys(by_turns))[:4],
        in_three=sounds[0].in_three,
    )
    return Mood(tuple(words), sound, tuple(reasons))
