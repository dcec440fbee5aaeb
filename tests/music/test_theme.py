"""Music made to measure: plans from moods and cuts, placeholders of them, and what comes back, measured."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tower_anime.errors import InputError
from tower_anime.music.analysis import analyze
from tower_anime.music.key import PITCH_CLASSES, camelot, camelot_distance, estimate_key
from tower_anime.music.placeholder import placeholder_bed, placeholder_title
from tower_anime.music.signal import Signal, to_mono
from tower_anime.music.theme import ThemePlan, ThemeWish, plan_theme
from tower_anime.music.theme_check import KEY_RULES, ThemeLimits, check_theme
from tower_anime.music.theme_moods import SOUNDS, Leaning, mixed_mood
from tower_anime.music.theme_sections import ThemeShot, lyrics_frame
from tower_anime.music.theme_tempo import choose_tempo
from tower_anime.services import themes

FPS = Fraction(24)


def shots_of(*seconds: float, fps: Fraction = FPS, moods: tuple[str, ...] = ()) -> tuple[ThemeShot, ...]:
    texts = moods or ("",) * len(seconds)
    return tuple(ThemeShot(round(s * fps), text) for s, text in zip(seconds, texts, strict=True))


def planned(mood: str = "hopeful", *seconds: float, **options) -> ThemePlan:
    shots = options.pop("shots", None) or shots_of(*(seconds or (20.0,)))
    return plan_theme(ThemeWish((Leaning("The wish", mood),), shots, **options))


class TestMoods:
    def test_lively_moods_are_faster_and_louder_than_quiet_ones(self) -> None:
        lively = [mixed_mood([Leaning("x", word)]).sound for word in ("battle", "tense", "joyful", "epic")]
        quiet = [mixed_mood([Leaning("x", word)]).sound for word in ("calm", "sad", "dreamy", "rain")]
        assert min(s.low_bpm for s in lively) > max(s.high_bpm for s in quiet)
        assert min(s.energy for s in lively) > max(s.energy for s in quiet)

    def test_happy_is_major_and_sad_is_minor(self) -> None:
        assert all(planned(mood).key.endswith("major") for mood in ("happy", "playful", "triumphant"))
        assert all(planned(mood).key.endswith("minor") for mood in ("sad", "tense", "mysterious"))

    def test_the_heavier_word_wins(self) -> None:
        mood = mixed_mood([Leaning("a", "calm", 3.0), Leaning("b", "battle", 1.0)])
        assert mood.words == ("calm", "energetic")
        assert SOUNDS["calm"].low_bpm < mood.sound.low_bpm < SOUNDS["energetic"].low_bpm
        assert mood.reasons == ("a: calm", "b: energetic")

    def test_japanese_words_are_understood(self) -> None:
        assert planned("切ない夜の別れ").mood == ("melancholic",)
        assert "切ない夜の別れ" in planned("切ない夜の別れ").tags

    def test_words_without_a_mood_give_steady_music_and_say_so(self) -> None:
        plan = planned("xylograph")
        assert plan.mood == ("steady",) and "No mood is named" in plan.reasons[0]


class TestTempo:
    @pytest.mark.parametrize("bpm", [72, 97, 128, 163])
    def test_cuts_on_the_beats_of_a_tempo_find_it(self, bpm: int) -> None:
        rng = np.random.default_rng(bpm)
        beats = np.cumsum(rng.integers(2, 9, 24)) * 60.0 / bpm
        cuts = np.round(beats * 24) / 24
        found = choose_tempo(cuts, (bpm * 0.8, bpm * 1.25), (4,), frame_seconds=1 / 24)
        assert found.tempo_bpm == pytest.approx(bpm, abs=0.25)
        assert found.on_beat == 1.0

    @pytest.mark.parametrize("late", [0.1, 0.33])
    def test_music_that_began_before_the_picture_is_found(self, late: float) -> None:
        cuts = np.arange(1, 15) * 2.4 - late
        found = choose_tempo(cuts, (90, 110), (4,), frame_seconds=1 / 24)
        assert found.tempo_bpm == pytest.approx(100, abs=0.2) and found.on_bar == 1.0
        assert found.offset_seconds == pytest.approx(late, abs=1 / 24)

    def test_bars_of_three_are_taken_when_cuts_are_three_beats_apart(self) -> None:
        waltz = planned("gentle", *[60 / 80 * 3 * n for n in (1, 2, 1, 1, 3, 1, 2, 1, 1, 1, 2, 1)])
        assert waltz.beats_per_bar == 3 and waltz.on_bar > 0.9

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(st.integers(12, 200), min_size=1, max_size=30),
        st.tuples(st.floats(40, 200), st.floats(1.0, 1.6)),
        st.sampled_from([Fraction(24), Fraction(24000, 1001), Fraction(60)]),
    )
    def test_a_tempo_stays_within_its_bounds_and_never_loses_to_the_middle(self, frames, around, fps) -> None:
        low, high = around[0], around[0] * around[1]
        cuts = np.cumsum(frames)[:-1] / float(fps)
        found = choose_tempo(cuts, (low, high), (4, 3), frame_seconds=float(1 / fps))
        assert low - 0.11 <= found.tempo_bpm <= high + 0.11
        assert 0.0 <= found.offset_seconds < found.beats_per_bar * 60 / found.tempo_bpm
        assert found.on_bar <= found.on_beat <= 1.0

    def test_random_cuts_meet_more_beats_than_by_chance(self) -> None:
        rng = np.random.default_rng(5)
        gains = []
        for _ in range(12):
            plan = planned("", *rng.uniform(1.0, 4.0, 10))
            gains.append(plan.on_beat / plan.chance)
        assert np.mean(gains) > 2.0

    def test_scenes_begin_on_downbeats(self) -> None:
        # Cuts come every two beats: which of them begins the bar is told by the change of mood alone.
        beats = [2] * 9
        moods = ("calm",) * 3 + ("dark",) * 4 + ("calm",) * 2
        shots = shots_of(*(n * 0.6 for n in beats), moods=moods)
        plan = planned("", shots=shots, bpm_range=(95, 105), beats_per_bar=4)
        bar = 4 * 60 / plan.tempo_bpm
        for cut in (plan.cut_times[2], plan.cut_times[6]):
            place = (cut + plan.offset_seconds) / bar
            assert abs(place - round(place)) * bar <= 1 / 24 + 1e-6


class TestPlan:
    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.integers(1, 400), min_size=1, max_size=40).filter(lambda n: sum(n) >= 60),
        st.sampled_from([Fraction(24), Fraction(24000, 1001), Fraction(30), Fraction(60)]),
        st.text(max_size=60),
    )
    def test_it_is_as_long_as_the_picture_whole_in_parts_and_travels_as_json(self, frames, fps, mood) -> None:
        plan = planned(mood, shots=tuple(ThemeShot(n) for n in frames), fps=fps)
        assert plan.seconds == float(sum(frames) / fps)
        assert len(plan.cut_times) == len(frames) - 1
        assert plan.sections[0].start_seconds == 0.0 and plan.sections[-1].end_seconds == plan.seconds
        for one, other in zip(plan.sections, plan.sections[1:], strict=False):
            assert one.start_seconds < one.end_seconds == other.start_seconds
        bar = plan.beats_per_bar * 60 / plan.tempo_bpm
        assert plan.ask_seconds >= plan.seconds + bar and abs(plan.bpm - plan.tempo_bpm) <= 0.5
        assert 10 <= plan.bpm <= 300
        assert ThemePlan.from_text(json.dumps(plan.as_json())) == plan

    def test_the_same_wish_gives_the_same_plan(self) -> None:
        assert planned("sad", 3, 4, 5, motif="Aki") == planned("sad", 3, 4, 5, motif="Aki")

    def test_a_characters_themes_share_a_tonic(self) -> None:
        tonics = {planned(mood, motif="Aki").key.split()[0] for mood in ("sad", "tense", "dark")}
        assert len(tonics) == 1
        assert len({planned("sad", motif=name).key for name in "ABCDEFGH"}) > 1

    @pytest.mark.parametrize("before", ["A minor", "F# major", "Eb minor"])
    def test_the_key_mixes_with_the_one_before(self, before: str) -> None:
        found = planned("sad", previous_key=before).key
        plain = before.replace("Eb", "D#")
        assert camelot_distance(camelot(found) or "", camelot(plain) or "") <= 1

    def test_flats_are_read(self) -> None:
        assert planned(key="Bb major").key == "A# major"

    def test_tags_say_all_that_a_generator_has_no_input_for(self) -> None:
        plan = planned("epic battle, orchestral", 30.0, key="D minor", beats_per_bar=4, vocals=True)
        words = plan.tags.split(", ")
        assert {"epic battle", "orchestral", "D minor", "4/4", f"{plan.bpm} bpm", "vocals"} <= set(words)
        assert len(words) == len(set(words))

    def test_parts_follow_the_moods_of_the_shots(self) -> None:
        shots = shots_of(8, 4, 8, 8, 8, moods=("calm", "", "battle", "", "calm"))
        plan = planned("", shots=shots)
        assert [part.name for part in plan.sections] == ["intro", "chorus", "outro"]
        assert [part.start_seconds for part in plan.sections] == [0.0, 12.0, 28.0]
        assert plan.sections[1].mood == ("energetic",)

    def test_a_flash_of_another_mood_is_no_part(self) -> None:
        shots = shots_of(20, 0.5, 20, moods=("calm", "battle", "calm"))
        assert len({part.mood for part in planned("", shots=shots).sections}) == 1

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"bpm_range": (140.0, 100.0)}, "bpm_range"),
            ({"bpm_range": (5.0, 100.0)}, "bpm_range"),
            ({"bpm_range": (math.nan, 100.0)}, "bpm_range"),
            ({"key": "H major"}, "key"),
            ({"key": "A dorian"}, "key"),
            ({"previous_key": "8A"}, "previous_key"),
            ({"beats_per_bar": 5}, "time_signature"),
            ({"fps": Fraction(0)}, "fps"),
            ({"shots": (ThemeShot(24), ThemeShot(0))}, "shots"),
            ({"shots": (ThemeShot(3),)}, "seconds"),
            ({"shots": (ThemeShot(24 * 5000),)}, "seconds"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_name(self, options, field) -> None:
        with pytest.raises(InputError) as caught:
            planned("calm", **options)
        assert caught.value.field == field

    @pytest.mark.parametrize("text", ["", "{}", "[]", "null", "3", '{"bpm": 1}'])
    def test_anything_else_is_no_plan(self, text: str) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            ThemePlan.from_text(text)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("tempo_bpm", 0.0), ("seconds", -1.0), ("seconds", 1e9), ("key", "X minor"), ("sections", [])],
    )
    def test_a_plan_that_was_tampered_with_is_refused(self, name: str, value) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            ThemePlan.from_text(json.dumps({**planned().as_json(), name: value}))


class TestLyrics:
    def test_every_line_is_sung_once_and_in_order(self) -> None:
        shots = shots_of(8, 16, 8, 16, 8, moods=("calm", "battle", "sad", "battle", "calm"))
        words = "\n".join(f"line {n}" for n in range(13))
        plan = planned("", shots=shots, vocals=True, words=words)
        lines = plan.lyrics.splitlines()
        assert [line for line in lines if line.startswith("line")] == words.splitlines()
        assert [line for line in lines if line.startswith("[")] == [
            f"[{part.name}]" for part in plan.sections
        ]

    def test_instrumental_music_has_no_words(self) -> None:
        plan = planned("calm", words="la la")
        assert "la la" not in plan.lyrics and plan.lyrics.startswith("[instrumental]")
        assert lyrics_frame(plan.sections, "la", vocals=True).endswith("la")


class TestPlaceholder:
    @pytest.mark.parametrize("mode", ["major", "minor"])
    @pytest.mark.parametrize("tonic", PITCH_CLASSES)
    def test_it_is_heard_in_the_planned_key(self, tonic: str, mode: str) -> None:
        bed = placeholder_bed(planned("hopeful", 12.0, key=f"{tonic} {mode}"))
        assert estimate_key(to_mono(bed.samples), bed.sample_rate)[0] == f"{tonic} {mode}"

    @pytest.mark.parametrize("mood", ["sad", "hopeful", "battle"])
    def test_it_has_the_planned_tempo_length_and_level(self, mood: str) -> None:
        plan = planned(mood, 7.3, 9.1, 6.4)
        bed = placeholder_bed(plan)
        heard = analyze(bed)
        folds = [heard.beats.tempo_bpm * fold / plan.tempo_bpm for fold in (0.5, 1.0, 2.0)]
        assert min(abs(fold - 1.0) for fold in folds) < 0.01
        assert abs(bed.duration_seconds - plan.seconds) < 0.51 / bed.sample_rate
        assert np.abs(bed.samples).max() == pytest.approx(0.5, abs=1e-4) and bed.samples.shape[0] == 2

    def test_it_is_the_same_each_time_and_labelled(self) -> None:
        plan = planned("sad", 5.0)
        assert np.array_equal(placeholder_bed(plan).samples, placeholder_bed(plan).samples)
        assert placeholder_title(plan).startswith("PLACEHOLDER")

    def test_a_second_of_it_is_possible(self) -> None:
        assert placeholder_bed(planned("sad", 1.0)).n_samples == 44_100


@pytest.fixture(scope="module")
def plan() -> ThemePlan:
    rng = np.random.default_rng(3)
    return planned("hopeful", *rng.uniform(1.5, 3.5, 8), key="C major", bpm_range=(96, 104))


def made(plan: ThemePlan, *, tempo: float = 1.0, seconds: float | None = None, **changes) -> Signal:
    """Return what a generator might give for a plan, at another tempo, of another length."""
    wanted = {"tempo_bpm": plan.tempo_bpm * tempo, "seconds": seconds or plan.ask_seconds}
    return placeholder_bed(replace(plan, **wanted, offset_seconds=0.0, **changes))


def statuses(checked) -> dict[str, str]:
    return {check.name: check.status for check in checked.checks}


class TestCheck:
    def test_music_as_planned_passes_and_is_as_long_as_the_picture(self, plan) -> None:
        checked = check_theme(made(plan), plan)
        assert checked.status == "pass" and checked.stretch == 1.0
        assert abs(checked.signal.duration_seconds - plan.seconds) < 1e-4
        # It was begun inside the bar where the plan has it, so as many cuts meet beats as were promised.
        assert checked.hit_rate >= plan.on_beat - 0.13

    @pytest.mark.parametrize("tempo", [0.94, 1.06])
    def test_a_tempo_a_little_off_is_stretched_to_the_planned_one(self, plan, tempo: float) -> None:
        checked = check_theme(made(plan, tempo=tempo), plan)
        assert checked.status == "pass" and checked.stretch == pytest.approx(tempo, abs=0.005)
        heard = analyze(checked.signal)
        assert heard.beats.tempo_bpm == pytest.approx(plan.tempo_bpm, rel=0.01) and heard.key == "C major"
        assert abs(checked.signal.duration_seconds - plan.seconds) < 1e-4

    @pytest.mark.parametrize("tempo", [0.75, 1.2, 1.33, 1.5])
    def test_a_tempo_far_off_fails(self, plan, tempo: float) -> None:
        checked = check_theme(made(plan, tempo=tempo), plan)
        assert statuses(checked)["tempo"] == "fail" and checked.status == "fail"
        assert abs(checked.signal.duration_seconds - plan.seconds) < 1e-4

    def test_without_stretching_a_little_off_fails_too(self, plan) -> None:
        assert statuses(check_theme(made(plan, tempo=1.04), plan, ThemeLimits(0.0)))["tempo"] == "fail"

    def test_music_far_too_short_fails_and_is_followed_by_silence(self, plan) -> None:
        checked = check_theme(made(plan, seconds=plan.seconds * 0.7), plan)
        assert statuses(checked)["length"] == "fail"
        assert abs(checked.signal.duration_seconds - plan.seconds) < 1e-4
        assert not checked.signal.samples[:, -1000:].any()

    def test_music_a_latent_too_short_is_stretched(self, plan) -> None:
        checked = check_theme(made(plan, seconds=plan.seconds - 0.09), plan)
        assert checked.status == "pass" and 1.0 < checked.stretch < 1.01

    def test_keys_are_compared_as_the_rule_says(self, plan) -> None:
        music = made(plan, key="G major")
        found = {rule: check_theme(music, plan, ThemeLimits(key_rule=rule)) for rule in KEY_RULES}
        assert {rule: one.status for rule, one in found.items()} == {
            "compatible": "pass",
            "exact": "fail",
            "off": "pass",
        }
        assert statuses(check_theme(made(plan, key="F# major"), plan))["key"] == "fail"

    def test_what_cannot_be_measured_never_passes(self, plan) -> None:
        rng = np.random.default_rng(0)
        noise = Signal(rng.normal(0, 0.1, (1, 16_000 * 40)).astype(np.float32), 16_000)
        checked = check_theme(noise, plan)
        assert checked.status == "unknown" and statuses(checked)["tempo"] == "unknown"

    def test_silence_is_no_music(self, plan) -> None:
        silence = Signal(np.zeros((2, 44_100 * 40), np.float32), 44_100)
        for wanted in (plan, replace(plan, mood=("ambient",))):
            checked = check_theme(silence, wanted, ThemeLimits(key_rule="off"))
            assert checked.status == "fail" and "It is silent" in checked.summary

    def test_only_ambient_music_may_do_without_a_beat(self, plan) -> None:
        time = np.arange(44_100 * 30) / 44_100
        chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (261.63, 329.63, 392.0, 523.25))
        drone = Signal((0.1 * chord)[None].astype(np.float32), 44_100)
        ambient = check_theme(drone, replace(plan, mood=("ambient",)))
        assert statuses(ambient)["tempo"] == "pass" and ambient.status == "pass"
        assert statuses(check_theme(drone, plan))["tempo"] == "unknown"

    @pytest.mark.parametrize("n_samples", [1, 100, 44_100])
    def test_scraps_of_sound_fail_in_words(self, plan, n_samples: int) -> None:
        checked = check_theme(Signal(np.ones((1, n_samples), np.float32), 44_100), plan)
        assert checked.status == "fail" and "too short" in checked.summary

    def test_seven_channels_stay_seven(self, plan) -> None:
        stereo = made(plan)
        many = Signal(np.repeat(stereo.samples[:1], 7, axis=0), stereo.sample_rate)
        assert check_theme(many, plan).signal.samples.shape[0] == 7

    @pytest.mark.parametrize(
        "limits", [{"max_stretch": 0.5}, {"max_stretch": math.nan}, {"key_rule": "maybe"}]
    )
    def test_limits_that_cannot_be_meant_are_refused(self, limits) -> None:
        with pytest.raises(InputError):
            ThemeLimits(**limits)

    def test_better_music_has_the_higher_score(self, plan) -> None:
        scores = [
            check_theme(made(plan, tempo=tempo, key=key), plan).score
            for tempo, key in ((1.0, "C major"), (1.05, "C major"), (1.3, "C major"), (1.3, "F# major"))
        ]
        assert scores == sorted(scores, reverse=True) and len(set(scores)) == 4


class TestShotsAsTyped:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", []),
            ("1.5, 2 3", [(1.5, ""), (2.0, ""), (3.0, "")]),
            ("2.5 tense\n\n3s: calm night\n4", [(2.5, "tense"), (3.0, "calm night"), (4.0, "")]),
            (".5 sad; 1", [(0.5, "sad"), (1.0, "")]),
        ],
    )
    def test_they_are_read(self, text: str, expected) -> None:
        assert [(shot.seconds, shot.mood) for shot in themes.parse_shots(text)] == expected

    @pytest.mark.parametrize("text", ["calm", "-3 sad", "1e9 sad", "99999999 sad", "1,\n" * 6000])
    def test_other_things_are_refused(self, text: str) -> None:
        with pytest.raises(InputError):
            themes.parse_shots(text)

    def test_the_names_of_faces_are_those_of_the_domain(self) -> None:
        assert themes.KEY_RULES == KEY_RULES
        assert {key.split()[0] for key in themes.KEYS} == set(PITCH_CLASSES)
