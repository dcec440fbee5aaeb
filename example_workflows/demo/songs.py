"""The five songs and the waltz: tempo, key, chords, melodies, arrangement."""

from __future__ import annotations

from dataclasses import dataclass

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Groove:
    """Drum patterns, one character a sixteenth: `x` hit, `o` soft hit, `.` nothing."""

    light: dict[str, str]
    full: dict[str, str]
    swing: float = 0.0  # how much of a sixteenth the off-beats come late


@dataclass(frozen=True)
class Section:
    bars: int
    theme: str  # which melody and chords
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Song:
    slug: str
    mood: str
    bpm: float
    key: str
    tonic: int  # midi note
    scale: tuple[int, ...]
    chords: dict[str, tuple[int, ...]]  # one scale degree a bar
    melodies: dict[str, str]  # degree:beats, bars parted by |
    groove: Groove
    sections: tuple[Section, ...]
    lead_voice: str = "flute"
    comping: str = "piano"
    bass_line: str = "1.......5......."
    beats_per_bar: int = 4
    first_downbeat: float = 0.5
    loudness: float = 0.13  # root mean square of the finished track

    @property
    def bars(self) -> int:
        return sum(section.bars for section in self.sections)


CALM = Groove(
    light={"shaker": "o.x.o.x.o.x.o.x.", "rim": "....o.......o..."},
    full={
        "kick": "x.......x.o.....",
        "rim": "....x.......x..o",
        "shaker": "x.ooxoo.x.ooxoo.",
        "ride": "x...x...x...x...",
    },
)
BALLAD = Groove(
    light={"kick": "x.......x.......", "hat": "x.o.x.o.x.o.x.o."},
    full={
        "kick": "x.......x.o.....",
        "snare": "....x.......x..o",
        "hat": "x.o.x.oox.o.x.o.",
        "ride": "x...x...x...x...",
    },
    swing=0.08,
)
POP = Groove(
    light={"kick": "x...x...x...x...", "hat": "..x...x...x...x."},
    full={
        "kick": "x..x..x.x..x....",
        "snare": "....x.......x...",
        "clap": "....x.......x...",
        "hat": "x.o.x.o.x.o.x.oo",
    },
)
DRIVE = Groove(
    light={"kick": "x...x...x...x...", "hat": "o.x.o.x.o.x.o.x."},
    full={
        "kick": "x...x...x...x.o.",
        "snare": "....x.......x...",
        "hat": "xoxoxoxoxoxoxoxo",
        "open": "..............x.",
    },
)
RUSH = Groove(
    light={"kick": "x.......x.......", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    full={
        "kick": "x.o.....x.x.....",
        "snare": "....x..o....x..o",
        "ride": "x.x.x.x.x.x.x.x.",
        "hat": "..x...x...x...x.",
    },
)
WALTZ = Groove(
    light={"rim": "....o...o...", "shaker": "x.o.o.o.o.o."},
    full={"kick": "x.........o.", "rim": "....x...x...", "hat": "x...o.o.o.o.", "shaker": "..o...o...o."},
)

SONGS = (
    Song(
        "first-light", "calm, hopeful", 72, "D major", 62, MAJOR,
        chords={"A": (1, 5, 6, 4, 1, 5, 4, 5), "B": (6, 3, 4, 1, 4, 5, 1, 1)},
        melodies={
            "A": "3:2 5:1 8:1|7:3 5:1|6:2 8:1 6:1|5:3 -:1|3:2 5:1 6:1|5:2 2:2|4:1 3:1 2:1 1:1|2:3 -:1",
            "B": "8:2 7:1 6:1|5:3 3:1|6:2 5:1 4:1|3:3 -:1|4:1 5:1 6:1 8:1|7:2 9:2|8:4|-:4",
        },
        groove=CALM,
        sections=(Section(2, "A", ("pad", "keys")), Section(4, "A", ("pad", "keys", "bass", "lead", "light")),
                  Section(8, "B", ("pad", "keys", "bass", "lead", "drums"))),
        bass_line="1.......5.....5.", loudness=0.085,
    ),
    Song(
        "paper-lanterns", "wistful, nostalgic", 92, "A minor", 57, MINOR,
        chords={"A": (1, 6, 3, 7, 1, 6, 3, 7), "B": (4, 7, 3, 6, 4, 5, 1, 1)},
        melodies={
            "A": "5:1.5 4:.5 3:1 1:1|3:1.5 4:.5 5:2|7:1.5 5:.5 5:1 3:1|4:3 -:1|"
                 "5:1.5 4:.5 3:1 5:1|8:1.5 7:.5 6:2|5:1 7:1 5:1 3:1|2:3 -:1",
            "B": "8:1 8:.5 9:.5 10:1 8:1|9:1.5 7:.5 7:2|10:1 10:.5 9:.5 7:1 5:1|6:3 -:1|"
                 "8:1 9:.5 10:.5 11:1 10:1|9:1.5 8:.5 7:2|8:4|-:4",
        },
        groove=BALLAD,
        sections=(Section(2, "A", ("pad", "keys", "light")),
                  Section(8, "A", ("pad", "keys", "bass", "lead", "drums")),
                  Section(8, "B", ("pad", "keys", "bass", "lead", "drums", "bell"))),
        lead_voice="flute", comping="piano", bass_line="1...1...5...8...", loudness=0.11,
    ),
    Song(
        "river-waltz", "tender, dreamy", 108, "F major", 65, MAJOR,
        chords={"A": (1, 6, 2, 5, 1, 6, 4, 5), "B": (4, 5, 3, 6, 2, 5, 1, 1)},
        melodies={
            "A": "5:2 3:1|6:2 5:1|4:1 5:1 6:1|5:3|5:2 8:1|6:2 8:1|9:1 8:1 6:1|7:2 -:1",
            "B": "8:2 6:1|9:2 7:1|10:1 9:1 7:1|8:3|6:1 7:1 8:1|9:2 7:1|8:3|-:3",
        },
        groove=WALTZ,
        sections=(Section(4, "A", ("keys", "pad")), Section(8, "A", ("keys", "bass", "lead", "light", "pad")),
                  Section(8, "B", ("keys", "bass", "lead", "drums", "pad", "bell")),
                  Section(8, "B", ("keys", "bass", "lead", "drums", "pad"))),
        comping="waltz", bass_line="1...........", beats_per_bar=3, first_downbeat=0.4, loudness=0.10,
    ),
    Song(
        "rooftop-sky", "bright, cheerful", 118, "G major", 67, MAJOR,
        chords={"A": (4, 5, 3, 6, 4, 5, 1, 1), "B": (6, 4, 1, 5, 6, 4, 5, 5)},
        melodies={
            "A": "6:.5 6:.5 8:1 8:.5 9:.5 8:1|7:.5 7:.5 9:1 7:1 5:1|5:.5 5:.5 7:1 7:.5 8:.5 7:1|6:1 3:1 5:2|"
                 "6:.5 6:.5 8:1 8:.5 9:.5 10:1|9:1 7:1 5:1 7:1|8:3 -:1|-:2 5:.5 6:.5 8:1",
            "B": "10:1.5 9:.5 8:1 6:1|8:1.5 6:.5 5:2|5:1 8:.5 9:.5 10:1 8:1|9:3 -:1|"
                 "10:1.5 9:.5 8:1 10:1|11:1.5 10:.5 8:2|9:1 8:.5 7:.5 9:2|9:3 -:1",
        },
        groove=POP,
        sections=(Section(4, "A", ("pluck", "pad", "light")),
                  Section(8, "A", ("pluck", "bass", "lead", "drums", "pad")),
                  Section(8, "B", ("pluck", "bass", "lead", "drums", "pad", "bell")),
                  Section(4, "A", ("pluck", "bass", "lead", "drums", "pad"))),
        lead_voice="lead", comping="pluck", bass_line="1..1..1.1..1..5.", first_downbeat=0.35, loudness=0.145,
    ),
    Song(
        "last-train", "urgent, determined", 140, "E minor", 64, MINOR,
        chords={"A": (6, 7, 1, 1, 6, 7, 3, 5), "B": (1, 3, 7, 4, 1, 3, 6, 7)},
        melodies={
            "A": "8:1.5 9:.5 10:1 8:1|9:1.5 7:.5 5:2|8:1 7:.5 5:.5 3:1 4:1|5:3 -:1|"
                 "8:1.5 9:.5 10:1 11:1|12:1 11:.5 10:.5 9:2|10:1.5 9:.5 7:1 5:1|7:3 -:1",
            "B": "8:.5 8:.5 10:1 9:.5 8:.5 7:1|7:.5 7:.5 10:1 9:1 7:1|9:1.5 7:.5 5:1 7:1|8:3 -:1|"
                 "8:.5 8:.5 10:1 9:.5 10:.5 12:1|10:2 9:1 7:1|8:1 10:1 12:1 13:1|11:3 -:1",
        },
        groove=DRIVE,
        sections=(Section(4, "A", ("strings", "light", "bass")),
                  Section(8, "A", ("strings", "bass", "lead", "drums")),
                  Section(8, "B", ("strings", "bass", "lead", "drums", "pluck")),
                  Section(8, "A", ("strings", "bass", "lead", "drums", "bell"))),
        lead_voice="lead", comping="strings", bass_line="1.1.1.1.1.1.1.8.",
        first_downbeat=0.3, loudness=0.165,
    ),
    Song(
        "night-run", "tense, fast", 170, "C minor", 60, MINOR,
        chords={"A": (1, 1, 6, 6, 4, 4, 7, 7), "B": (6, 6, 7, 7, 1, 1, 5, 5)},
        melodies={
            "A": "5:3 3:1|4:2 5:2|8:3 7:1|6:3 -:1|6:2 5:1 4:1|5:2 8:2|9:2 7:2|9:3 -:1",
            "B": "8:1 8:1 9:1 10:1|8:3 -:1|9:1 9:1 10:1 11:1|9:3 -:1|"
                 "10:1 9:1 8:1 7:1|8:2 5:2|7:3 6:1|5:3 -:1",
        },
        groove=RUSH,
        sections=(Section(4, "A", ("pluck", "light")),
                  Section(8, "A", ("pluck", "bass", "lead", "drums", "pad")),
                  Section(8, "B", ("pluck", "bass", "lead", "drums", "strings")),
                  Section(4, "A", ("pluck", "bass", "light", "pad")),
                  Section(8, "B", ("pluck", "bass", "lead", "drums", "strings", "bell"))),
        lead_voice="lead", comping="pluck", bass_line="1.1.1.1.1.1.5.1.", first_downbeat=0.25, loudness=0.18,
    ),
)  # fmt: skip
