from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from tower_anime.errors import InputError, UnreadableAudioError
from tower_anime.music.signal import (
    Signal,
    decode,
    decode_blocks,
    resample,
    signal_from_array,
    to_mono,
    to_stereo,
)


def marked(rate: int, n_channels: int) -> Signal:
    """A second of tone with a pulse in its middle, by which delays are seen."""
    times = np.arange(rate) / rate
    samples = np.tile(0.2 * np.sin(2 * np.pi * 440 * times), (n_channels, 1)).astype(np.float32)
    samples[:, rate // 2 : rate // 2 + 40] = 0.9
    return Signal(samples, rate)


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "rate", "n_channels"),
    [
        ("pcm16.wav", "pcm_s16le", "s16", 44_100, 2),
        ("pcm8.wav", "pcm_u8", "u8", 8_000, 1),
        ("pcm24.wav", "pcm_s24le", "s32", 192_000, 2),
        ("float.wav", "pcm_f32le", "flt", 48_000, 6),
        ("double.wav", "pcm_f64le", "dbl", 96_000, 1),
        ("lossless.flac", "flac", "s16", 44_100, 2),
        ("lossy.mp3", "libmp3lame", "fltp", 44_100, 2),
        ("slow.mp3", "libmp3lame", "s16p", 22_050, 1),
        ("lossy.ogg", "libopus", "flt", 48_000, 2),
        ("lossy.m4a", "aac", "fltp", 44_100, 2),
        ("surround.m4a", "aac", "fltp", 48_000, 6),
        ("sound.mka", "pcm_s16le", "s16", 48_000, 2),
    ],
)
def test_every_container_gives_the_samples_at_their_time(
    write_audio, name: str, codec: str, sample_format: str, rate: int, n_channels: int
) -> None:
    signal = decode(write_audio(name, codec, marked(rate, n_channels), sample_format=sample_format))
    assert (signal.samples.shape[0], signal.sample_rate) == (n_channels, rate)
    assert 0 <= signal.n_samples - rate <= 1024, "only the last block of AAC may be padded"
    pulse = np.convolve(signal.samples[0], np.ones(40), "valid").argmax()
    assert abs(int(pulse) - rate // 2) <= rate // 1000


def test_the_sound_of_a_video_is_decoded(write_audio) -> None:
    path = write_audio("clip.mp4", "aac", marked(48_000, 2), sample_format="fltp", with_picture=True)
    assert decode(path).duration_seconds == pytest.approx(1.0, abs=0.025)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8])
def test_eight_channels_of_integers_are_scaled_to_one(tmp_path: Path, dtype: type) -> None:
    from scipy.io import wavfile

    samples = np.full((1000, 8), np.iinfo(dtype).max, dtype)
    wavfile.write(tmp_path / "x.wav", 11_025, samples)
    signal = decode(tmp_path / "x.wav")
    assert signal.samples.shape == (8, 1000)
    np.testing.assert_allclose(signal.samples, 1.0, atol=0.01)


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    from scipy.io import wavfile

    wavfile.write(tmp_path / "x.wav", 8_000, np.array([np.nan, np.inf, 0.5], np.float32))
    assert decode(tmp_path / "x.wav").samples.tolist() == [[0.0, 0.0, 0.5]]


def test_what_is_not_sound_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "letter.mp3").write_bytes(b"Dear Sir or Madam, " * 50)
    with wave.open(str(tmp_path / "nothing.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
    for name in ("empty.wav", "letter.mp3", "nothing.wav", "missing.wav"):
        with pytest.raises(UnreadableAudioError, match=name) as raised:
            decode(tmp_path / name)
        assert raised.value.hint


def test_a_picture_has_no_audio(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "still.png")
    with pytest.raises(UnreadableAudioError, match=r"still\.png has no audio track"):
        decode(tmp_path / "still.png")


def test_a_truncated_file_gives_what_is_there(write_audio) -> None:
    path = write_audio("long.mp3", "libmp3lame", marked(44_100, 2), sample_format="fltp")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 0.3 < decode(path).duration_seconds < 0.7


def test_what_lies_behind_a_damaged_packet_keeps_its_time(write_audio) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 88_200)).astype(np.float32)
    path = write_audio("noise.flac", "flac", Signal(noise, 44_100), sample_format="s16")
    whole = decode(path).samples
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(content)
    mended = decode(path).samples
    assert mended.shape == whole.shape
    assert (mended == whole)[0, -30_000:].all() and not mended[0, 40_000:50_000].all()


@pytest.mark.parametrize("rate", [7, 400_000_000])
def test_a_rate_that_is_none_of_a_sound_is_refused(tmp_path: Path, rate: int) -> None:
    with wave.open(str(tmp_path / "odd.wav"), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(20_000))
    with pytest.raises(UnreadableAudioError, match=rf"odd\.wav .* at {rate} Hz"):
        decode(tmp_path / "odd.wav")
    with pytest.raises(InputError, match=f"{rate} Hz"):
        signal_from_array(np.zeros(10), rate)


@pytest.mark.parametrize("shape", [(100,), (2, 100), (3, 2, 100)])
def test_arrays_of_any_rank_become_channels(shape: tuple[int, ...]) -> None:
    signal = signal_from_array(np.full(shape, -32768, np.int16), 8_000)
    assert signal.samples.shape == (1 if len(shape) == 1 else 2, 100)
    assert signal.samples.min() == -1.0
    assert signal_from_array(np.full(shape, 0.5, np.float16), 8_000).samples.dtype == np.float32


def test_an_array_that_is_no_sound_is_refused() -> None:
    with pytest.raises(InputError, match="0 Hz"):
        signal_from_array(np.zeros(10), 0)
    assert signal_from_array(np.zeros((1, 2, 0)), 8_000).n_samples == 0
    assert signal_from_array(np.zeros((1, 0, 9)), 8_000).n_samples == 0


def test_resampling_keeps_time_and_level() -> None:
    pulse = marked(44_100, 1)
    slower = resample(pulse.samples, 44_100, 48_000)
    assert slower.shape == (1, 48_000)
    middle = np.convolve(slower[0], np.ones(40), "valid").argmax()
    assert abs(int(middle) - 24_000) < 10
    assert np.abs(slower[0, 1000:2000]).max() == pytest.approx(0.2, abs=0.01)


def test_folding_of_channels() -> None:
    surround = np.zeros((6, 10), np.float32)
    surround[2] = 1.0
    np.testing.assert_allclose(to_stereo(surround), 0.7071, atol=1e-4)
    np.testing.assert_allclose(to_mono(np.array([[1.0], [0.0]], np.float32)), [0.5])
    np.testing.assert_allclose(to_stereo(np.ones((1, 3), np.float32)), 1.0)


def tones(rate: int, *hertz: float) -> np.ndarray:
    times = np.arange(rate) / rate
    noise = np.random.default_rng(4).standard_normal((len(hertz), rate)) * 0.01
    return 0.4 * np.sin(2 * np.pi * np.array(hertz)[:, None] * times) + noise


def test_two_channels_that_came_as_one_are_taken_apart() -> None:
    stereo = np.round(32767 * tones(48_000, 330.0, 500.0)).astype(np.int16)
    packed = stereo.T.reshape(1, 1, -1)
    assert signal_from_array(packed, 48_000).samples.shape == (2, 48_000)
    np.testing.assert_allclose(signal_from_array(packed, 48_000).samples * 32768, stereo, atol=0.01)
    same = np.repeat(stereo[:1], 2, axis=1)
    assert signal_from_array(same[None], 48_000).samples.shape == (2, 48_000)
    for mono in (
        stereo[:1],
        np.round(3000 * np.random.default_rng(1).standard_normal((1, 48_000))).astype(np.int16),
    ):
        assert signal_from_array(mono, 48_000).samples.shape == (1, 48_000)


def test_pieces_put_together_are_the_whole(write_audio) -> None:
    path = write_audio("long.flac", "flac", marked(44_100, 2), sample_format="s16")
    pieces = [piece.samples for piece in decode_blocks(path, 0.1)]
    assert len(pieces) > 5
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), decode(path).samples)
