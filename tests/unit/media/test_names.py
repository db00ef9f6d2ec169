from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.media import clock, names

LOCAL = "2026-11-20T14:00:00"
ZULU = "2026-11-20T14:00:00+00:00"

NAMES = [
    # Plain and OBS
    ("2026-11-20_14-00-00.mp4", LOCAL, "medium"),
    ("2026-11-20 14-00-00.mkv", LOCAL, "medium"),
    ("Replay 2026-11-20 14-00-00.mkv", LOCAL, "medium"),
    ("Replay_2026-11-20_14-00-00.mkv", LOCAL, "medium"),
    ("2026_11_20_14_00_00.ts", LOCAL, "medium"),
    ("2026.11.20 14.00.00.avi", LOCAL, "medium"),
    ("2026.11.20.14.00.00.avi", LOCAL, "medium"),
    ("2026 11 20 14 00 00.avi", LOCAL, "medium"),
    ("2026-11-20-14-00-00-123.mp4", "2026-11-20T14:00:00.123", "medium"),
    ("2026-11-20 14:00:00.500.mp4", "2026-11-20T14:00:00.500", "medium"),
    ("20261120_140000.123.mp4", "2026-11-20T14:00:00.123", "medium"),
    ("2026-1-5 9-05-07.mp4", "2026-01-05T09:05:07", "medium"),
    # Phones
    ("VID_20261120_140000.mp4", LOCAL, "medium"),
    ("20261120_140000.mp4", LOCAL, "medium"),
    ("20261120_140000(1).mp4", LOCAL, "medium"),
    ("20261120_140000_HDR.mp4", LOCAL, "medium"),
    ("PXL_20261120_140000123.mp4", "2026-11-20T14:00:00.123+00:00", "high"),
    ("PXL_20261120_140000123.TS.mp4", "2026-11-20T14:00:00.123+00:00", "high"),
    ("WhatsApp Video 2026-11-20 at 14.00.00.mp4", LOCAL, "medium"),
    ("WhatsApp Video 2026-11-20 at 2.00.00 PM (1).mp4", LOCAL, "medium"),
    ("signal-2026-11-20-140000.mp4", LOCAL, "medium"),
    ("signal-2026-11-20-14-00-00-123.mp4", "2026-11-20T14:00:00.123", "medium"),
    ("video_2026-11-20_14-00-00.mp4", LOCAL, "medium"),
    ("Screenrecorder-2026-11-20-14-00-00-123.mp4", "2026-11-20T14:00:00.123", "medium"),
    ("Screen_Recording_20261120_140000_Chrome.mp4", LOCAL, "medium"),
    ("screen-20261120-140000.mp4", LOCAL, "medium"),
    ("ScreenRecording_11-10-2026 14-00-00_1.mp4", "2026-11-10T14:00:00", "medium"),
    ("RPReplay_Final1763647200.MP4", "2025-11-20T14:00:00+00:00", "medium"),
    ("mmexport1763647200123.mp4", "2025-11-20T14:00:00.123+00:00", "medium"),
    ("VID-20261120-WA0001.mp4", "2026-11-20T00:00:00", "low"),
    ("IMG_1234.MOV", None, None),
    # Meetings
    ("GMT20261120-140000_Recording_1920x1080.mp4", ZULU, "high"),
    ("GMT20261120-140000_Recording.m4a", ZULU, "high"),
    ("zoom_0.mp4", None, None),
    ("Meeting-20261120_140000-Meeting Recording.mp4", LOCAL, "medium"),
    ("Stand-up-20261120_140000UTC-Meeting Recording.mp4", ZULU, "high"),
    ("abc-defg-hij (2026-11-20 14:00 GMT+1).mp4", "2026-11-20T13:00:00+00:00", "high"),
    ("abc-defg-hij (2026-11-20 14_00 GMT-5).mp4", "2026-11-20T19:00:00+00:00", "high"),
    ("Team – 2026_11_20 14_00 CET – Recording.mp4", "2026-11-20T13:00:00+00:00", "high"),
    ("Team – 2026_11_20 14_00 IST – Recording.mp4", LOCAL, "medium"),
    ("Weekly-20261120 1400-1.mp4", LOCAL, "medium"),
    ("183f0bf3a0982a127bdb8161e0c44eb696b3e75c-1763647200123.mp4", "2025-11-20T14:00:00.123+00:00", "medium"),
    # Dashcams and action cameras
    ("20261120140000_000123A.MP4", LOCAL, "medium"),
    ("2026_1120_140000_001.MP4", LOCAL, "medium"),
    ("2026_1120_140000_0001F.MP4", LOCAL, "medium"),
    ("20261120_140000_NF.mp4", LOCAL, "medium"),
    ("REC_2026_11_20_14_00_00_F.MP4", LOCAL, "medium"),
    ("261120_140000_001_FH.MP4", LOCAL, "medium"),
    ("DJI_20261120140000_0001_D.MP4", LOCAL, "medium"),
    ("VID_20261120_140000_00_001.insv", LOCAL, "medium"),
    ("2026-11-20_14-00-00-front.mp4", LOCAL, "medium"),
    ("2026-11-20_14-00-00-left_repeater.mp4", LOCAL, "medium"),
    ("GX010123.MP4", None, None),
    # Surveillance
    ("front_door-1763647200.123456-abcd.mp4", "2025-11-20T14:00:00.123+00:00", "high"),
    ("front_door-1763647200.123456-x1y2z3-clean.mp4", "2025-11-20T14:00:00.123+00:00", "high"),
    ("2026-11-20/14/front_door/03.07.mp4", "2026-11-20T14:03:07+00:00", "high"),
    ("03.07.mp4", None, None),
    ("RLC-810A-20261120140000.mp4", LOCAL, "medium"),
    ("Mp4Record_2026-11-20_RecM01_20261120_140000_140530_12AB.mp4", LOCAL, "medium"),
    ("CAM_00_20261120140000.mp4", LOCAL, "medium"),
    ("RecM01_20261120_140000_140530_6D28808_1A2B3C.mp4", LOCAL, "medium"),
    ("RecM01_DST20261120_140000_140530_0_6D28808.mp4", LOCAL, "medium"),
    ("ch01_20261120140000.mp4", LOCAL, "medium"),
    ("192.168.1.64_01_20261120140000123_20261120150000.mp4", "2026-11-20T14:00:00.123", "medium"),
    ("NVR_ch1_main_20261120140000_20261120150000.dav", LOCAL, "medium"),
    ("hiv00012.mp4", None, None),
    (
        "Front Door 11-20-2026, 14.00.00 GMT+1 - 11-20-2026, 15.00.00 GMT+1.mp4",
        "2026-11-20T13:00:00+00:00",
        "high",
    ),
    # Screen recorders and games
    ("Screen Recording 2026-11-20 at 14.00.00.mov", LOCAL, "medium"),
    ("Screen Recording 2026-11-20 at 2.00.00 PM.mov", LOCAL, "medium"),
    ("Screen Recording 2026-11-20 at 2.00.00\u202fPM.mov", LOCAL, "medium"),
    ("Screen Recording 2026-11-20 at 12.00.00\u202fAM.mov", "2026-11-20T00:00:00", "medium"),
    ("Bildschirmaufnahme 2026-11-20 um 14.00.00.mov", LOCAL, "medium"),
    ("Enregistrement de l’écran 2026-11-20 à 14.00.00.mov", LOCAL, "medium"),
    ("Grabación de pantalla 2026-11-20 a las 14.00.00.mov", LOCAL, "medium"),
    ("Screen Recording 2026-11-20 140000.mp4", LOCAL, "medium"),
    ("Some Game 2026-11-20 14-00-00.mp4", LOCAL, "medium"),
    ("Some Game 11_20_2026 2_00_00 PM.mp4", LOCAL, "medium"),
    ("Some Game 11_10_2026 2_00_00 PM.mp4", "2026-11-10T14:00:00", "low"),
    ("Some Game 20.11.2026 14_00_00.mp4", LOCAL, "medium"),
    ("Some Game 2026.11.20 - 14.00.00.02.DVR.mp4", LOCAL, "medium"),
    ("Game_replay_2026.11.20-14.00.mp4", LOCAL, "medium"),
    ("2026112014000000-0123456789ABCDEF0123456789ABCDEF.mp4", LOCAL, "medium"),
    ("Screencast from 2026-11-20 14-00-00.webm", LOCAL, "medium"),
    ("Screencast from 11-20-2026 02:00:00 PM.webm", LOCAL, "medium"),
    ("Screencast from Fri 20 Nov 2026 02:00:00 PM CET.webm", "2026-11-20T13:00:00+00:00", "high"),
    ("WIN_20261120_14_00_00_Pro.mp4", LOCAL, "medium"),
    ("vlc-record-2026-11-20-14h00m00s-live.mp4", LOCAL, "medium"),
    ("Talk Nov 20, 2026 14.00.00.mp4", LOCAL, "medium"),
    ("2026年11月20日 14.00.00.mp4", LOCAL, "medium"),
    # With a zone
    ("2026-11-20T14-00-00Z.mp4", ZULU, "high"),
    ("2026-11-20T14:00:00.250Z.mp4", "2026-11-20T14:00:00.250+00:00", "high"),
    ("20261120T140000Z_cam.mp4", ZULU, "high"),
    ("2026-11-20T140000+0100.mp4", "2026-11-20T13:00:00+00:00", "high"),
    ("2026-11-20T14-00-00+05-30.mp4", "2026-11-20T08:30:00+00:00", "high"),
    ("2026-11-20T14-00-00-0530.mp4", "2026-11-20T19:30:00+00:00", "high"),
    ("2026-11-20_14-00-00 UTC.mp4", ZULU, "high"),
    ("2026-11-20 14.00.00 +05:45.mp4", "2026-11-20T08:15:00+00:00", "high"),
    ("20261120-140000-141500.mp4", LOCAL, "medium"),
    # Seconds and milliseconds since 1970
    ("1763647200.mp4", "2025-11-20T14:00:00+00:00", "medium"),
    ("cam_1763647200.mp4", "2025-11-20T14:00:00+00:00", "medium"),
    ("1763647200123.mp4", "2025-11-20T14:00:00.123+00:00", "medium"),
    # A date alone, or a time that may be a counter
    ("2026-11-20.mp4", "2026-11-20T00:00:00", "low"),
    ("2026-11-20 Party.mp4", "2026-11-20T00:00:00", "low"),
    ("20261120.mp4", "2026-11-20T00:00:00", "low"),
    ("Party 20.11.2026.mp4", "2026-11-20T00:00:00", "low"),
    ("20261120_1920x1080.mp4", "2026-11-20T00:00:00", "low"),
    ("20261120_1080p.mp4", "2026-11-20T00:00:00", "low"),
    ("20261120_1440p.mp4", "2026-11-20T00:00:00", "low"),
    ("20261120_0012.mp4", "2026-11-20T00:12:00", "low"),
    ("202611201400.mp4", LOCAL, "low"),
    # Passed over
    ("2026-13-20_14-00-00.mp4", None, None),
    ("2026-02-30_14-00-00.mp4", None, None),
    ("2026-11-20_25-00-00.mp4", "2026-11-20T00:00:00", "low"),
    ("20261340_140000.mp4", None, None),
    ("1904-01-01_00-00-00.mp4", None, None),
    ("1989-12-31_14-00-00.mp4", None, None),
    ("2028-01-01_14-00-00.mp4", None, None),
    ("20201080.mp4", None, None),
    ("clip_1920x1080_20201080.mp4", None, None),
    ("received_1234567890123456.mp4", None, None),
    ("10000000_1234567890123_n.mp4", None, None),
    ("120261120140000.mp4", None, None),
    ("video-dQw4w9WgXcQ.mp4", None, None),
    ("3f2a20261120cafe.mp4", None, None),
    ("app-2026.11.20.5.mp4", None, None),
    ("0012.mp4", None, None),
    ("", None, None),
    ("1999-12-31 23.59.59 and 2026-11-20 14.00.00.mp4", "1999-12-31T23:59:59", "medium"),
    ("2026-13-01_00-00-00 or 2026-11-20_14-00-00.mp4", LOCAL, "medium"),
    ("eufy_T8113_20260301141502.mp4", "2026-03-01 14:15:02", "medium"),
    ("cam_1080_2026-03-01_14-15-02.mkv", "2026-03-01 14:15:02", "medium"),
]


@pytest.mark.parametrize(("name", "time", "confidence"), NAMES, ids=[name for name, _, _ in NAMES])
def test_a_name_says(name, time, confidence):
    stamp = names.read(name, 2027)
    assert (stamp and stamp.time) == (time and datetime.fromisoformat(time))
    assert (stamp and stamp.confidence) == confidence


STYLES = [
    "%Y-%m-%d_%H-%M-%S.mp4",
    "Replay %Y-%m-%d %H-%M-%S.mkv",
    "VID_%Y%m%d_%H%M%S.mp4",
    "WhatsApp Video %Y-%m-%d at %H.%M.%S.mp4",
    "Screen Recording %Y-%m-%d at %I.%M.%S\u202f%p.mov",
    "signal-%Y-%m-%d-%H%M%S.mp4",
    "%Y%m%d%H%M%S_000123A.MP4",
    "%Y_%m%d_%H%M%S_001.MP4",
    "%y%m%d_%H%M%S_001_FH.MP4",
    "RecM01_%Y%m%d_%H%M%S_235959_x.mp4",
    "REC_%Y_%m_%d_%H_%M_%S_F.MP4",
    "WIN_%Y%m%d_%H_%M_%S_Pro.mp4",
    "Game %d.%m.%Y %H_%M_%S.mp4",
    "Game %Y.%m.%d - %H.%M.%S.02.DVR.mp4",
    "vlc-record-%Y-%m-%d-%Hh%Mm%Ss-x.mp4",
    "Screencast from %a %d %b %Y %I:%M:%S %p.webm",
]
UTC_STYLES = [
    "GMT%Y%m%d-%H%M%S_Recording_1920x1080.mp4",
    "PXL_%Y%m%d_%H%M%S000.mp4",
    "%Y-%m-%dT%H-%M-%SZ.mp4",
    "%Y-%m-%dT%H%M%S+0000.mp4",
    "%Y-%m-%d/%H/door/%M.%S.mp4",
]
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "UTC",
]
moments = st.datetimes(datetime(2001, 9, 10), datetime(2026, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


@given(moment=moments, style=st.sampled_from(STYLES), zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_a_local_time_in_a_name_is_read_back_in_its_zone(moment, style, zone):
    local = moment.astimezone(zone)
    reading = clock.from_name(local.strftime(style), zone, 2027)
    assert reading.start.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    assert reading.start == moment or local.fold == 1
    assert reading.confidence == ("medium" if "twice" not in reading.evidence else "low")


@given(moment=moments, style=st.sampled_from(UTC_STYLES), zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_a_utc_time_in_a_name_is_read_back_in_any_zone(moment, style, zone):
    reading = clock.from_name(moment.strftime(style), zone, 2027)
    assert (reading.start, reading.confidence) == (moment, "high")


@given(moment=moments, thousandths=st.integers(0, 999))
def test_an_epoch_in_a_name_is_read_back(moment, thousandths):
    seconds = int(moment.timestamp())
    expected = moment + timedelta(milliseconds=thousandths)
    assert names.read(f"{seconds}{thousandths:03}.mp4", 2027).time == expected
    assert names.read(f"cam-{seconds}.{thousandths:03}000-ab.mp4", 2027).time == expected


@given(st.text(max_size=80))
def test_any_text_may_be_a_name(text):
    stamp = names.read(text, 2027)
    assert stamp is None or 1990 <= stamp.time.year <= 2028


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", [" ", "-", "1", "20", "2-1-", "2026-11-20 ", "20261120", "nov 1 ", "a"])
def test_no_name_takes_long(text):
    names.read((text * 2**20)[: 2**20], 2027)
