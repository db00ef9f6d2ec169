"""What must come of each odd file: the table that the tests hold Mem to. docs/media.md says it in words."""

from dataclasses import dataclass

from tests.oddities.damage import FLIPS

FRAME_MS = 100


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a recording gives. `None` is not looked at."""

    changes: tuple[int, ...] | None = (0, 1000, 2000)  # when its pictures are new, in ms
    sizes: tuple[tuple[int, int], ...] = ((160, 120),)
    colours: int = 12  # how far the corners may be from the test card's; 0: they are other pictures
    hues: bool = False  # the corners have the test card's strongest channel
    ends: int | None = 3000  # of the picture, or of the sound where there is none
    burst: int | None = None  # when the tone begins
    within: int = FRAME_MS  # how exact changes and end are
    partial: bool = False
    every: int = FRAME_MS


def sound(burst: int | None, ends: int = 3000) -> Taken:
    """What a recording without picture gives."""
    return Taken(changes=(), sizes=(), burst=burst, ends=ends)


# Sound is coded 64 ms ahead of its time, and only some containers can say so: picture and sound stay
# together, and both begin that much later.
AHEAD = 64
BOTH = Taken(burst=1500)
BOTH_AHEAD = Taken(
    burst=1500 + AHEAD, changes=(AHEAD, 1000 + AHEAD, 2000 + AHEAD), ends=3000 + AHEAD, within=50
)
PICTURE = Taken()
DAMAGED = Taken(partial=True, changes=None, colours=0, ends=None)  # whatever is left, and it is said
CUT, NO, TOO_LARGE, UNSAFE = "cut_off", "not_media", "media_too_large", "unsafe_media"

EXPECTED: dict[str, Taken | str] = {
    # How the picture lies, its shape and its colours
    "turned_90.mp4": PICTURE,
    "turned_180.mp4": PICTURE,
    "turned_270.mov": PICTURE,
    "mirrored.mp4": PICTURE,
    "upside_down.mp4": PICTURE,
    "mirrored_turned_90.mp4": PICTURE,
    "mirrored_turned_270.mp4": PICTURE,
    "no_display_matrix.mp4": BOTH,
    "wide_pixels.mp4": Taken(sizes=((213, 120),)),
    "tall_pixels.mkv": Taken(sizes=((160, 160),)),
    "absurd_pixels.mp4": PICTURE,
    "odd_641x359.mkv": Taken(sizes=((641, 359),), every=500),
    "odd_161x121.webm": Taken(sizes=((161, 121),)),
    "one_pixel.mkv": Taken(sizes=((1, 1),), colours=0, changes=(0,)),
    "two_pixels.mp4": Taken(sizes=((2, 2),), colours=0, changes=(0,)),
    "as_large_as_8k.avi": Taken(sizes=((7680, 4320),), changes=(0,), ends=1, every=1000),
    "beyond_8k.avi": TOO_LARGE,
    "ten_bits.mkv": PICTURE,
    "no_subsampling.mp4": PICTURE,
    "rgb.mkv": PICTURE,
    "alpha.webm": PICTURE,
    "alpha.mov": PICTURE,
    "motion_jpeg.avi": PICTURE,
    "mpeg2.mpg": Taken(every=40, within=40),
    "mpeg4.avi": PICTURE,
    "flash.flv": PICTURE,
    "windows.wmv": PICTURE,
    "av1.mp4": PICTURE,
    "b_frames.mp4": PICTURE,
    "open_gop.mkv": Taken(within=0),
    "open_gop_hevc.mp4": Taken(within=0),
    "bt601.mp4": PICTURE,
    "bt709.mp4": PICTURE,
    "bt709_full.mp4": PICTURE,
    "hdr_pq.mp4": Taken(colours=0, hues=True, every=500, within=0),
    "hdr_hlg.mkv": Taken(colours=0, hues=True, every=500, within=0),
    "interlaced.ts": Taken(every=40, within=40),
    "grows_midway.ts": Taken(
        sizes=((160, 120), (320, 180)), colours=0, changes=(0, 1000, 2000), partial=True
    ),
    "several_videos.mkv": PICTURE,
    "sixty_streams.mkv": PICTURE,
    "hundred_streams.mkv": TOO_LARGE,
    "cover.mp4": sound(1500),
    "cover.mp3": sound(1500),
    "cover_beside_video.mp4": BOTH,
    "still.png": NO,
    "still.gif": NO,
    # Clocks
    "uneven_rate.mp4": BOTH,
    "uneven_rate.mkv": BOTH,
    "no_pictures.mp4": NO,
    "one_picture.mp4": Taken(changes=(0,), ends=100),
    "one_picture.mkv": Taken(changes=(0,), ends=100),
    "one_picture.ts": Taken(changes=(0,), ends=1),
    "starts_at_1000s.ts": BOTH_AHEAD,
    "starts_at_1000s.mkv": BOTH,
    "starts_at_1000s.mp4": Taken(burst=1564, changes=(0, 1064, 2064), ends=3064),
    "starts_before_zero.mp4": Taken(burst=None, changes=(0, 500), ends=1500),  # players begin at 0 as well
    "starts_before_zero.mkv": Taken(burst=1564, changes=(0, 1000, 2064), ends=3064),
    "edited.mp4": Taken(burst=500, changes=(0, 1000), ends=2000),
    "edited_far.mp4": Taken(burst=None, changes=(0,), ends=500),
    "clock_wraps.ts": BOTH_AHEAD,
    "jumps_back.ts": Taken(burst=1564, changes=(64, 1064, 2064), ends=6064, partial=True),
    "jumps_ahead_5min.ts": Taken(burst=1564, changes=(64, 1064, 2064), ends=306_064, partial=True),
    "jumps_ahead_20h.ts": Taken(burst=1564, changes=(64, 1064, 2064), ends=6064, partial=True),
    "one_stamp_ahead.ts": BOTH_AHEAD,
    "one_stamp_hour_ahead.ts": BOTH_AHEAD,
    "one_stamp_back.ts": BOTH_AHEAD,
    "cluster_ahead.mkv": BOTH,
    "gap_of_a_year.mkv": TOO_LARGE,
    "one_an_hour.mp4": Taken(
        sizes=((64, 48),), changes=(0, 1_200_000, 2_400_000), ends=3_600_000, every=10_000, within=0
    ),
    "one_in_30s.mp4": Taken(changes=(0, 120_000, 240_000), ends=271_000, every=10_000, within=0),
    "thousand_a_second.mp4": Taken(sizes=((64, 48),), within=1),
    "no_stamps.h264": NO,
    "says_10_years.mp4": BOTH,
    "says_nothing.mp4": BOTH,
    "says_1_minute.mp4": BOTH,
    "drifting.mkv": BOTH,
    # Damage
    **dict.fromkeys((f"cut_at_{share}.mp4" for share in (1, 3, 10, 20, 35)), CUT),
    "cut_at_50.mp4": DAMAGED,
    "cut_at_65.mp4": Taken(partial=True, changes=(0,), ends=None),
    "cut_at_80.mp4": Taken(partial=True, changes=(0, 1000), ends=None),
    "cut_at_95.mp4": Taken(partial=True, changes=(0, 1000), ends=None),
    "cut_at_99.mp4": Taken(partial=True, ends=None),
    "cut.ts": Taken(changes=(64, 1064), ends=None),
    "cut.mkv": Taken(changes=(0,), ends=None, partial=True),
    "cut.avi": Taken(changes=(0, 1064), ends=2064),
    "cut.webm": Taken(changes=(0, 1000), ends=None, partial=True),
    "cut_late_index.mp4": CUT,
    "begins_midway.ts": Taken(changes=(360, 1360), ends=2360),
    "crashed_in_fragments.mp4": Taken(changes=(0, 1064), ends=None, partial=True),
    "hole.mp4": Taken(changes=None, partial=True),
    "hole.mkv": Taken(changes=(0, 2000), partial=True),
    "hole.ts": Taken(changes=(64, 1064, 2064), ends=3064, partial=True),
    "hole.webm": Taken(changes=None, partial=True),
    **dict.fromkeys(FLIPS, DAMAGED),
    "flipped_6.mp4": CUT,
    "flipped_9.mp4": CUT,
    "zeros_at_end.mp4": BOTH,
    "noise_at_end.ts": BOTH_AHEAD,
    "script_at_end.mp4": BOTH,
    "zip_at_end.mp4": BOTH,
    "html_before.mp4": NO,
    "zip_before.mp4": NO,
    "jpeg_before.mp4": NO,
    "empty_packets.mkv": Taken(burst=1500, changes=None),
    "two_billion_samples.mp4": DAMAGED,
    "two_billion_entries.mp4": NO,
    "long_tags.mkv": BOTH,
    "deep_boxes.mp4": BOTH,
    "sound_damaged.mp4": PICTURE,
    # What would open others, or exhaust
    "hls.mp4": UNSAFE,
    "hls_bom.mp4": UNSAFE,
    "hls_blank.ts": UNSAFE,
    "hls_url.mp4": UNSAFE,
    "hls_key.mp4": UNSAFE,
    "playlist.pls.mp4": UNSAFE,
    "concat.mp4": UNSAFE,
    "concat_bare.mkv": UNSAFE,
    "session.sdp.mp4": UNSAFE,
    "dash.mpd.mp4": UNSAFE,
    "smil.mp4": UNSAFE,
    "asx.wmv": UNSAFE,
    "rtsp.mov": UNSAFE,
    "rtsptext.mov": UNSAFE,
    "file_url.mp4": UNSAFE,
    "cue.flac": UNSAFE,
    "shell.mp4": UNSAFE,
    "hls_map.mp4": UNSAFE,
    "hls_master.m4v": UNSAFE,
    "hls_lower.mp4": UNSAFE,
    "concat_url.mp4": UNSAFE,
    "crypto_url.mp4": UNSAFE,
    "pipe_url.mp4": UNSAFE,
    "data_url.mp4": UNSAFE,
    "unix_url.mp4": UNSAFE,
    "http_url.ram.mov": UNSAFE,
    "playlist.xspf.mp4": UNSAFE,
    "smooth.ism.mp4": UNSAFE,
    "cue_binary.wav": UNSAFE,
    "session_crlf.sdp.mov": UNSAFE,
    "m3u_plain.mp4": NO,
    "playlist.wpl.wmv": NO,
    "edit_list.edl.mp4": NO,
    "ffmetadata.mp4": NO,
    "project.mlt.mp4": NO,
    "picture.svg.mp4": NO,
    "playlist_behind.mp4": BOTH,
    "subfile.mp4": NO,
    "subtitles.srt.mp4": NO,
    "subtitles.ass.mp4": NO,
    "avisynth.avi": NO,
    "vapour.mkv": NO,
    "lavfi.mp4": NO,
    "image2.mp4": NO,
    "page.html.mp4": NO,
    "hls_utf16.mp4": NO,
    "hls_nul.mp4": NO,
    "concat_nul.mp4": NO,
    "reference_movie.mov": NO,
    "billion_pixels.png.mp4": NO,
    "zeros.mp4": NO,
    "chopped.wav": NO,
    "chopped.mkv": NO,
    "chopped.ogg": NO,
    "chopped.flv": NO,
    "pattern_%03d.mp4": BOTH,
    "data_reference.mov": BOTH,
    "data_alias.mov": BOTH,
    "billion_pixels.mov": DAMAGED,
    "billion_pixels.mp4": Taken(sizes=((213, 120),), burst=1500),  # the index contradicts itself
    "billion_pixels.h264.ts": Taken(changes=(1064, 2064), ends=3064, partial=True),
    "empty.mp4": "empty_file",
    # Sound
    "telephone.wav": sound(1500),
    "surround_96k.flac": sound(1500),
    "surround_96k.mka": sound(1500),
    "pcm.mkv": sound(1500),
    "opus.webm": sound(1500),
    "opus.ogg": sound(1500),
    "ac3.mka": sound(1500),
    "adpcm.mka": sound(1500),
    "adts.aac": sound(1521, 3029),  # a bare stream cannot say how far ahead it is coded
    "silent.m4a": sound(None),
    "gap_of_30s.mka": sound(32_500, 34_000),
    "gap_of_5s.mka": sound(7500, 9000),
    "garbage_before.mp3": sound(1569, 3096),
    "no_length.mp3": sound(1569, 7092),
    "wav_size_0.wav": sound(1500),
    "wav_size_max.wav": sound(1500),
    "wav_size_double.wav": sound(1500),
    "wav_size_half.wav": sound(None, 1500),
    "several_sounds.mkv": sound(1500),
    "sound_5s_late.mkv": Taken(burst=6500),
    "sound_5s_late.mp4": Taken(burst=6500),
    "picture_5s_late.mkv": Taken(burst=1500, changes=(5000, 6000, 7000), ends=8000),
    "picture_5s_late.mp4": Taken(burst=1500, changes=(5000, 6000, 7000), ends=8000),
}
