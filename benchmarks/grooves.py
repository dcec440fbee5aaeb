"""Rhythms as drummers and pianists write them down: one string a part, one letter a step.

``X`` is a strong stroke, ``x`` a plain one, ``o`` a soft one. `FITTED` rhythms were used to fit
``music/meter_weights.npz``; `HELD_OUT` ones never were.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = {"X": 1.0, "x": 0.75, "o": 0.4}


@dataclass(frozen=True)
class Groove:
    """A bar of music, or two.

    `beats` are those of the whole figure, `bar` those of one bar of it.
    """

    name: str
    beats: int
    per_beat: int
    tempi: tuple[float, float]
    parts: dict[str, str]
    bar: int = 4

    def hits(self) -> dict[str, dict[int, float]]:
        """Return the steps and levels of each part."""
        return {
            part: {n: LEVELS[c] for n, c in enumerate(line.replace(" ", "")) if c != "."}
            for part, line in self.parts.items()
        }


def _straight(name: str, low: float, high: float, bar: int = 4, **parts: str) -> Groove:
    n_steps = len(next(iter(parts.values())).replace(" ", ""))
    return Groove(name, n_steps // 4, 4, (low, high), parts, bar)


def _ternary(name: str, low: float, high: float, bar: int = 4, **parts: str) -> Groove:
    n_steps = len(next(iter(parts.values())).replace(" ", ""))
    return Groove(name, n_steps // 3, 3, (low, high), parts, bar)


def _eighths(name: str, low: float, high: float, bar: int = 4, **parts: str) -> Groove:
    n_steps = len(next(iter(parts.values())).replace(" ", ""))
    return Groove(name, n_steps // 2, 2, (low, high), parts, bar)


FITTED = (
    _straight("rock eighths", 80, 170, kick="X.......X.x.....", snare="....X.......X...", hat="x.o.x.o.x.o.x.o."),
    _straight("rock push", 85, 160, kick="X.....x.X.......", snare="....X.......X...", hat="x.o.x.o.x.o.x.o."),
    _straight("rock and of two", 90, 150, kick="X.....X...X.....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("slow rock", 60, 88, kick="X.......X.......", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("ballad sixteenths", 58, 84, kick="X.....x.X.......", snare="....X.......X...", hat="xooo xooo xooo xooo"),
    _straight("rock half time", 120, 190, kick="X.....X.........", snare="........X.......", hat="x.o.x.o.x.o.x.o."),
    _straight("four floor", 112, 140, kick="X...X...X...X...", clap="....x.......x...", open="..x...x...x...x."),
    _straight("four floor sixteenths", 116, 134, kick="X...X...X...X...", hat="o.x.o.x.o.x.o.x.", clap="....X.......X...", bass="..x...x...x...x."),
    _straight("disco octaves", 108, 130, kick="X...X...X...X...", snare="....x.......x...", hat="x.X.x.X.x.X.x.X.", bass="x.o.x.o.x.o.x.o."),
    _straight("funky drummer like", 90, 112, kick="X.x...x...x..x..", snare="....X..o.o.oX..o", hat="xxxxxxx.xxxxx.xx"),
    _straight("break like amen", 120, 176, kick="X.X.......XX....", snare="....X..o.o..X..o", ride="x.x.x.x.x.x.x.x."),
    _straight("break two bars", 115, 172, kick="X.X.......XX.... X.X.......X.....", snare="....X..o.o..X..o ....X..o.o....X.", ride="x.x.x.x.x.x.x.x. x.x.x.x.x.x.x.x."),
    _straight("think like break", 100, 125, kick="X.......X.X.....", snare="....X..x....X..x", hat="x.x.x.x.x.x.x.x.", tamb="x.xxx.xxx.xxx.xx"),
    _straight("boom bap", 82, 98, kick="X......x..X.....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("boom bap late", 80, 98, kick="X..x......X..x..", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("trap", 130, 160, kick="X.....x...X.....", snare="........X.......", hat="x.x.x.x.x.xxx.x."),
    _straight("trap rolls", 132, 156, kick="X..X......X..X..", clap="........X.......", hat="xxx.x.x.xxxxx.x."),
    _straight("drill", 136, 146, kick="X..........X....", snare="......X.......X.", hat="x..x..x.x..x..x."),
    _straight("two step garage", 126, 136, kick="X.........x.....", snare="....X.......X...", hat="..x...x...x..xx."),
    _straight("two step drums", 160, 178, kick="X.........X.....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("jungle", 155, 175, kick="X.....X....X....", snare="....X..x.x..X...", hat="x.x.x.x.x.x.x.x."),
    _straight("electro", 108, 130, kick="X.....X...X..X..", snare="....X.......X...", hat="x.xxx.xxx.xxx.xx", cow="x..x..x...x.x..."),
    _straight("techno", 122, 148, kick="X...X...X...X...", hat="..x...x...x...x.", stab="..x..x....x..x.."),
    _straight("trance", 130, 142, kick="X...X...X...X...", open="..x...x...x...x.", bass=".xxx.xxx.xxx.xxx", clap="....x.......x..."),
    _straight("synth pop", 100, 150, kick="X.......X.......", snare="....X.......X...", bass="xxxxxxxxxxxxxxxx", hat="x.x.x.x.x.x.x.x."),
    _straight("eighties ballad", 66, 96, kick="X.......X.x.....", snare="....X.......X...", chord="x...............", bass="x.......x......."),
    _straight("motown fours", 100, 150, kick="X.....x.X.......", snare="X...X...X...X...", tamb="x.x.x.x.x.x.x.x."),
    _straight("soul backbeat", 88, 124, kick="X.....x...x.....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x.", chord="....x.......x..."),
    _straight("surf", 140, 180, kick="X.......X.......", snare="....X.x.....X...", ride="x.x.x.x.x.x.x.x."),
    _straight("punk", 150, 205, kick="X...x...X...x...", snare="..X...X...X...X.", hat="x.x.x.x.x.x.x.x."),
    _straight("metal double", 120, 190, kick="xxxxxxxxxxxxxxxx", snare="....X.......X...", crash="X..............."),
    _straight("train beat", 90, 130, snare="oxoo oxoo oxoo oxoo", kick="X.......X.......", bass="x.......x......."),
    _straight("country two", 90, 135, kick="X.......X.......", snare="....x.......x...", strum="..x.x.x...x.x.x.", bass="x.......x......."),
    _straight("one drop", 66, 92, kick="........X.......", rim="........X.......", hat="x.x.x.x.x.x.x.x.", stab="....x.......x...", bass="x..x....x.x....."),
    _straight("rockers", 68, 92, kick="X...X...X...X...", rim="........X.......", stab="..x...x...x...x.", hat="x.x.x.x.x.x.x.x."),
    _straight("steppers", 70, 90, kick="X...X...X...X...", snare="....x.......x...", stab="..x...x...x...x."),
    _straight("ska", 110, 150, kick="....X.......X...", snare="....X.......X...", stab="..X...X...X...X.", bass="x...x...x...x..."),
    _straight("bossa", 110, 150, bar=4, kick="X.....xX......x.", rim="X..x..x...x..x..", hat="x.x.x.x.x.x.x.x."),
    _straight("samba", 90, 125, kick="o..oX..xo..oX..x", tamb="X.xX.xX.X.xX.xX.", bass="o...X...o...X..."),
    _straight("son montuno", 90, 120, bass="......x.....x...", cow="X...x.x.X...x.x.", conga="....x.xx....x.xx", piano="x.x..x.xx.x..x.x"),
    _straight("cha cha", 100, 130, cow="X...x...X...x...", conga="x...X...x...X.xx", bass="x.....x.....x...", piano="x.x.x.x.x.x.x.x."),
    _straight("songo", 90, 120, kick="......x.......x.", snare="...x....x...x...", cow="X...x...X...x...", bass="......x.....x..."),
    _straight("reggaeton", 84, 104, kick="X...X...X...X...", snare="...x..x....x..x.", hat="x.x.x.x.x.x.x.x."),
    _straight("dancehall", 88, 108, kick="X..x....X..x....", snare="......x.......x.", hat="x.x.x.x.x.x.x.x."),
    _straight("soca", 108, 160, kick="X...X...X...X...", snare="...x..x....x..x.", hat="..x...x...x...x."),
    _straight("baiao", 90, 120, kick="X..x....X..x....", tri="oxXoOxXo".lower().replace("X", "x") * 2, snare="......x.......x."),
    _straight("afro four", 100, 126, kick="X...X...X...X...", conga="..xx.x..x.xx.x..", bell="x.x.xx.x.x.x.x.x"),
    _straight("afrobeat", 95, 120, kick="X.....x...x.x...", snare="..o.X..o..o.X..o", hat="x.xxx.xxx.xxx.xx", bass="x..x..x...x....."),
    _straight("highlife", 95, 125, kick="X...X...X...X...", rim="X..x..x...x.x...", guitar="x.xx.xx.x.xx.xx."),
    _straight("march", 96, 126, kick="X.......X.......", snare="x..oX.xxx..oX.xx", crash="X..............."),
    _straight("polka", 105, 135, bar=2, kick="X.......", snare="..x...x.", bass="x...x..."),
    _straight("hymn piano", 66, 100, chord="x...x...x...x..."),
    _straight("piano eighths", 70, 130, piano="X.o.x.o.x.o.x.o.", bass="x.......x......."),
    _straight("piano pattern", 60, 100, piano="X..x..x.X..x..x.", bass="X.......x......."),
    _straight("ballad piano halves", 60, 92, chord="X.......x.......", melody="....x.x.x...x.x."),
    _straight("strum down up", 90, 140, strum="X...x.x...x.x.x."),
    _straight("strum eighths", 80, 150, strum="X.o.X.x.o.x.X.x."),
    _straight("strum folk", 95, 130, strum="X...X.x...x.X.x.", bass="x.......x......."),
    _straight("fingerpicking", 80, 130, pluck="X.x.x.x.X.x.x.x.", bass="x...x...x...x..."),
    _straight("travis", 90, 130, bass="X...x...X...x...", pluck="x.....x...x...x."),
    _straight("ostinato strings", 90, 160, string="X.x.x.x.X.x.x.x.", pad="x..............."),
    _straight("sixteenth strings", 70, 120, string="XoxoxoxoxoxoxoxO".replace("O", "o"), bass="x.......x......."),
    _straight("choir chords", 60, 100, pad="x.......x.......", melody="x...x.x.x...x..."),
    _straight("pizzicato", 80, 140, pluck="x...o...x...o...", melody="..x...x...x.x..."),
    _straight("chiptune", 110, 180, lead="x.x.xx.xx.x.x.x.", bass="x.x.x.x.x.x.x.x.", hat="..x...x...x...x.", snare="....X.......X..."),
    _straight("lo-fi", 70, 92, kick="X.....x...X.....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x.", chord="x......x........"),
    _straight("downtempo", 75, 100, kick="X.........X..x..", snare="....X.......X...", hat="..x...x...x...x.", pad="x..............."),
    _straight("idm", 120, 145, kick="X....x....X..x..", snare="....X..x....X.xx", hat="xx.x.xx.x.xx.x.x"),
    _straight("claps and voice", 80, 130, clap="....X.......X...", melody="x.x.x..xx.x.x..."),
    _straight("percussion only", 90, 125, conga="X.xx.xx.X.xx.xx.", tamb="..x...x...x...x."),
    _straight("toms", 90, 140, tom="X..x..x.X..x..x.", kick="X.......X......."),
    _straight("hand drum", 80, 120, conga="X..xX.x.X..xX.xx"),
    _straight("hand drum sixteenths", 80, 115, conga="X.oxo.xoX.oxx.xo"),
    _straight("shaker and clap", 85, 125, shaker="XoxoXoxoXoxoXoxo", clap="....x.......x..."),
    _straight("kick and hats", 90, 140, kick="X.....x.X.......", hat="x.x.x.x.x.x.x.x."),
    _straight("snare first", 100, 140, kick="X.x.....X.x.....", snare="....X..X....X...", hat="x.x.x.x.x.x.x.x."),
    _straight("noise pulse", 90, 130, hat="X..x..x...x.x...", kick="X.......X......."),
    _straight("tresillo", 90, 130, kick="X..x..x.X..x..x.", snare="....x.......x...", bass="X..x..x.X..x..x."),
    _straight("clave three two", 90, 125, rim="X..x..x...x.x...", bass="......x.....x..."),
    _ternary("shuffle", 90, 150, kick="X.....X.....", snare="...X.....X..", hat="x.xx.xx.xx.x"),
    _ternary("half shuffle", 130, 190, kick="X....x......", snare="......X.....", hat="x.xx.xx.xx.x"),
    _ternary("slow blues", 55, 84, kick="X.....X.....", snare="...X.....X..", hat="xxxxxxxxxxxx"),
    _ternary("twelve eight ballad", 55, 80, kick="X.....X..x..", snare="...X.....X..", hat="xxxxxxxxxxxx", piano="xxxxxxxxxxxx"),
    _ternary("doo wop", 58, 85, piano="xxxxxxxxxxxx", snare="...X.....X..", bass="x.....x..x.."),
    _ternary("swing ride", 110, 220, ride="X..x.xX..x.x", foot="...x.....x..", bass="x..x..x..x.."),
    _ternary("swing comping", 120, 200, ride="X..x.xX..x.x", foot="...x.....x..", bass="x..x..x..x..", stab="..x.....x..."),
    _ternary("walking bass", 100, 200, bass="X..x..X..x..", foot="...x.....x.."),
    _ternary("gypsy", 150, 220, strum="x..X..x..X..", bass="x.....x....."),
    _ternary("boogie", 120, 170, bass="X.xX.xX.xX.x", snare="...x.....x..", kick="X.....X....."),
    _ternary("gospel", 60, 95, kick="X....xX.....", snare="...X.....X..", chord="x..x.xx..x.x"),
    _ternary("swung hip hop", 84, 100, kick="X....x.x....", snare="...X.....X..", hat="x.xx.xx.xx.x"),
    _ternary("jig", 100, 130, bar=2, pluck="XxxXxx", strum="x..x.."),
    _ternary("six eight rock", 50, 80, bar=2, kick="X.....", snare="...X..", hat="xxxxxx"),
    _ternary("six eight ballad", 50, 76, bar=2, piano="XxxXxx", bass="X....."),
    _ternary("tarantella", 130, 180, bar=2, tamb="XxxXxx", strum="x..x.."),
    _ternary("afro six", 100, 140, bell="x.x.xx.x.x.x", conga="X..x..X..x..", kick="X.....X....."),
    _eighths("waltz", 90, 190, bar=3, kick="X.....", snare="..x.x.", bass="x....."),
    _eighths("waltz strum", 90, 160, bar=3, bass="X.....", strum="..x.x."),
    _eighths("waltz piano", 80, 150, bar=3, bass="X.....", piano="..x.x.", melody="x...x."),
    _eighths("waltz ride", 100, 180, bar=3, ride="x.x.xx", kick="X.....", foot="..x..."),
    _eighths("three four rock", 100, 160, bar=3, kick="X.....", snare="....X.", hat="x.x.x."),
    _eighths("three four arpeggio", 80, 140, bar=3, pluck="Xxxxxx", bass="X....."),
    _eighths("three four hymn", 80, 120, bar=3, chord="X.x.x."),
    _eighths("mazurka", 110, 160, bar=3, bass="X.....", chord="..X.x."),
)  # fmt: skip

# What a metronome, a drum computer, and a first lesson play.
BARE = (
    _straight("clicks", 50, 200, rim="x...x...x...x..."),
    _straight("clicks accented", 50, 200, rim="X...o...o...o..."),
    _straight("bells", 50, 200, bell="x...x...x...x..."),
    _straight("cowbell", 50, 200, cow="X...x...x...x..."),
    _straight("kicks", 60, 180, kick="x...x...x...x..."),
    _straight("hats", 60, 180, hat="X...x...x...x..."),
    _straight("claps", 60, 180, clap="x...x...x...x..."),
    _straight("notes", 60, 180, pluck="x...x...x...x..."),
    _eighths("clicks in three", 70, 190, bar=3, rim="X.o.o."),
    _straight("kick and snare", 60, 190, kick="X.......X.......", snare="....X.......X..."),
    _straight("kick, snare, hat", 60, 180, kick="X.......X.......", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("kick, snare, beats", 60, 190, kick="X.......X.......", snare="....X.......X...", hat="x...x...x...x..."),
    _straight("kick, kick, snare", 60, 170, kick="X.......X.x.....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("kick pickup", 60, 170, kick="X......xX.......", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
    _straight("four and clap", 90, 180, kick="X...X...X...X...", clap="....X.......X..."),
    _straight("kick and offbeat", 90, 180, kick="X...X...X...X...", hat="..x...x...x...x."),
    _eighths("kick and two snares", 80, 190, bar=3, kick="X.....", snare="..x.x."),
)  # fmt: skip

# What trackers find hard, held out as well: six eights, drums without a kick, dense machines, slow songs.
HARD = (
    _ternary("barcarolle", 52, 72, bar=2, piano="Xoxxox", bass="X..x..", melody="x....x"),
    _ternary("irish air", 50, 76, bar=2, pluck="XoxXxo", string="X....."),
    _ternary("six eight metal", 70, 110, bar=2, kick="X.xX.x", snare="...X..", guitar="xxxxxx", crash="X....."),
    _ternary("six eight strum", 56, 84, bar=2, strum="X.xX.x", bass="X....x", tamb="...X.."),
    _ternary("six eight soul", 56, 80, kick="X....xX....x", snare="...X.....X..", hat="x.xx.xx.xx.x", chord="X.....x....."),
    _ternary("twelve eight bell", 80, 120, bell="X.X.XX.X.X.X".replace("X", "x"), conga="..xX....xX..", surdo="X.....X....."),
    _straight("rumba", 85, 115, rim="X..x...x..x.x...", tabla="...x..X....x..X.", slap="x.xx.x.xx.xx.x.x"),
    _straight("frame drum", 70, 110, surdo="X.....X.X.......", slap="..x.x.....x.x.x."),
    _straight("keherwa", 75, 120, tabla="X.....x.x.......", slap="..x.x.....x.x.x.", bellow="x.......x......."),
    _straight("djembe", 95, 130, surdo="X.......X.......", slap="..xx..xx..xx..xx", bongo="x.o.x.o.x.o.x.o."),
    _straight("bongo bells", 100, 130, bongo="XoxoXoxoXoxoXoxo", cow="X...x.x.X...x.x."),
    _straight("claps and stomps", 76, 112, surdo="X.x.....X.x.....", clap="....X.......X..."),
    _straight("shakers", 90, 125, shaker="xoXoxoXoxoXoxoXo", tamb="....x.......x...", tom="X.......x......."),
    _straight("psychedelic", 136, 148, kick="X...X...X...X...", bass="..xx..xx..xx..xx", hat="..X...X...X...X.", lead="x..x.x..x..x.x.."),
    _straight("acid", 120, 136, kick="X...X...X...X...", bass="x.xxx.x.xx.xx.x.", hat="ooXoooXoooXoooXo"),
    _straight("dub stabs", 116, 128, kick="x...x...x...x...", stab="...x..x.........", hat="..x...x...x...x.", pad="x..............."),
    _straight("big room", 124, 132, kick="X...X...X...X...", saw="x..x..x.x..x..x.", clap="....X.......X..."),
    _straight("synth drive", 84, 112, kick="X.......X.......", snare="....X.......X...", bass="xxxxxxxxxxxxxxxx", pad="x..............."),
    _straight("garage skip", 128, 136, kick="X......x..x.....", clap="....X.......X...", hat="..x..xx...x..xx.", bass="x......x..x.x..."),
    _straight("electro break", 120, 140, kick="X..x..X...X..x..", snare="....X..x....X...", hat="xxxxxxxxxxxxxxxx", bass="X..x..X...X..x.."),
    _straight("synth loop", 110, 150, lead="x.xx.xx.x.xx.xx.", bass="..x...x...x...x."),
    _straight("power ballad", 58, 78, piano="X.x.x.x.x.x.x.x.", kick="X......xX.......", snare="....X.......X...", crash="X...............", string="x..............."),
    _straight("slow rhythm and blues", 60, 76, kick="X..x......x.....", snare="....X.......X...", hat="xoxoxoxoxoxoxoxo", chord="x.....x........."),
    _straight("guitar lament", 55, 75, pluck="Xoxoxoxoxoxoxoxo", bass="x.......x......."),
    _straight("anime chase", 168, 198, kick="X.x.X.x.X.x.X.x.", snare="....X.......X..X", guitar="x.x.x.x.x.x.x.x.", crash="X..............."),
    _eighths("three in one", 160, 200, bar=3, bass="X.....", strum="..x.x.", melody="X...x."),
    _eighths("minuet", 100, 140, bar=3, piano="X.xxxx", bass="X....."),
)  # fmt: skip

HELD_OUT = (
    _straight("arena rock", 95, 150, kick="X..x....X..x..x.", snare="....X.......X...", crash="X...............", guitar="x.x.x.x.x.x.x.x."),
    _straight("new wave", 130, 165, kick="X.......X.x.....", snare="....X.......X...", bass="x.x.x.x.x.x.x.x.", hat="..x...x...x...x."),
    _straight("anime opening", 160, 195, kick="X...x...X.x.x...", snare="....X.......X...", crash="X...............", guitar="xxxxxxxxxxxxxxxx"),
    _straight("anison ballad", 66, 90, piano="X.x.x.x.x.x.x.x.", kick="X.......x.x.....", snare="....x.......x...", melody="..x.x.x.x..x.x.."),
    _straight("future bass", 140, 160, kick="X.....X.........", snare="........X.......", saw="x..x..x...x.x...", hat="x.x.x.xxx.x.xxx."),
    _straight("nu disco", 108, 122, kick="X...X...X...X...", clap="....X.......X...", guitar="..xx..x...xx..xx", bass="x..x..x.x..x.xx."),
    _straight("breakbeat big", 118, 138, kick="X.....X...x..X..", snare="....X.......X..x", ride="x.x.x.x.x.x.x.x."),
    _straight("halfstep", 136, 144, kick="X..........x....", snare="........X.......", bass="X...x.x.....x.x.", hat="x..x..x.x..x..x."),
    _straight("city pop", 96, 122, kick="X.....x.X.x.....", snare="....X.......X...", hat="xoxoxoxoxoxoxoxo", chord="x..x..x...x.....", bass="x.xx..x.x.xx..x."),
    _straight("new jack", 100, 114, kick="X..x..x...x.....", snare="....X.......X...", hat="xoxxoxxoxoxxoxxo"),
    _straight("gqom", 122, 128, kick="X..x..X...x.X...", rim="..x..x....x..x..", pad="x..............."),
    _straight("amapiano", 108, 116, kick="X...X...X...X...", shaker="x.xxx.xxx.xxx.xx", bass="...x..x....x..x.", chord="x.......x......."),
    _straight("cumbia", 84, 104, bass="X...x.x.X...x.x.", shaker="x.xxx.xxx.xxx.xx", cow="....x.......x..."),
    _straight("bhangra", 90, 110, conga="X.xx.xx.X.xx.xx.", kick="X.....x.X.....x."),
    _straight("tango", 110, 130, string="X...x...x...x...", bass="X.......x.......", piano="......x.......x."),
    _straight("acoustic pop", 84, 124, strum="X...X.xx.xX.X.x.", clap="....x.......x..."),
    _straight("solo piano film", 60, 96, piano="X.x.x.x.X.x.x.x.", melody="x.......x...x..."),
    _straight("orchestra action", 120, 160, string="XxxxXxxxXxxxXxxx", timp="X.......X.X.....", brass="X..............."),
    _straight("music box", 80, 130, bellow="x.x.x.x.x.x.x.x.", bass="x..............."),
    _straight("bedroom", 76, 96, kick="X......xX.......", snare="....x.......x...", guitar="x..x..x.x..x..x."),
    _ternary("rock and roll", 140, 190, kick="X.....X.....", snare="...X.....X..", ride="x.xx.xx.xx.x", bass="x..x..x..x.."),
    _ternary("jazz ballad", 58, 80, ride="X..x.xX..x.x", bass="x.....x.....", piano="x....x..x..."),
    _ternary("trap triplets", 66, 78, kick="X....x......", snare="...X.....X..", hat="xxxxxxxxxxxx"),
    _ternary("power ballad six", 50, 72, bar=2, kick="X....x", snare="...X..", piano="xxxxxx"),
    _eighths("viennese", 150, 190, bar=3, bass="X.....", string="..x.x.", melody="x.x..."),
    _eighths("jazz waltz", 120, 180, bar=3, ride="X.x.xx", bass="x...x.", piano="...x.."),
    _eighths("guitar waltz", 84, 130, bar=3, strum="X.x.xx", melody="x..x.."),
)  # fmt: skip
